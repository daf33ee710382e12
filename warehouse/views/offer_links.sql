CREATE OR REPLACE VIEW offer_links AS
SELECT old_offer_id, new_offer_id, reason, "at" FROM internal._ph_offer_link;

COMMENT ON VIEW offer_links IS
    'Offers that go on under another id, because a name in them changed: one row per pair.';
COMMENT ON COLUMN offer_links.old_offer_id IS 'Id of the offer until then.';
COMMENT ON COLUMN offer_links.new_offer_id IS 'Id of the offer from then on.';
COMMENT ON COLUMN offer_links.reason IS
    'renamed (its model has another name), hub_named_it (the provider''s name for it became known), hub_dropped_it, or provider_id_changed.';
COMMENT ON COLUMN offer_links."at" IS 'Newest answer of the run that noticed it, UTC.';
