CREATE OR REPLACE VIEW prices AS
SELECT p.offer_id, o.model_id, o.inference_provider, p.unit, p.tier, p.amount, p.currency,
       p.price_status, p.basis, p.reason, p.native_unit, p.raw_text, p.native_amount,
       p.native_quantity, p.formula, p.scope, p.feed, p.valid_from, s.seen_at AS observed_at,
       c.held OR s.hold_reason IS NOT NULL AS held,
       coalesce(c.hold_reason, s.hold_reason) AS hold_reason, p.payload_hash, p.json_path, p.until
FROM internal._ph_price p
JOIN internal._ph_offer o USING (offer_id)
JOIN internal._ph_card c USING (offer_id)
LEFT JOIN internal._ph_price_seen s USING (offer_id, unit, tier);

COMMENT ON VIEW prices IS
    'What each unit of a listed offer costs now, or that it is not offered: one row per offer, unit and tier.';
COMMENT ON COLUMN prices.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN prices.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN prices.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN prices.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN prices.tier IS
    'Price tier: standard, flex, priority, batch, context>N (tokens), or a resolution like 720p; only standard ranks.';
COMMENT ON COLUMN prices.amount IS
    'Price of ONE unit in `currency`, to 12 significant digits; 0 only where stated free; NULL: not known, not shown, or not offered (`price_status`).';
COMMENT ON COLUMN prices.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN prices.price_status IS
    'priced, free (the source says so), suspect (not shown), unparsed (cannot be read), or not_published (the source states that it offers none).';
COMMENT ON COLUMN prices.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN prices.reason IS
    'Code for why the status is suspect, unparsed or not_published (not_offered), or whose price it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN prices.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN prices.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN prices.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN prices.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN prices.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN prices.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN prices.feed IS 'Feed whose statement is shown.';
COMMENT ON COLUMN prices.valid_from IS 'First answer that showed this price, UTC.';
COMMENT ON COLUMN prices.observed_at IS 'Last complete answer that confirmed this price, UTC.';
COMMENT ON COLUMN prices.held IS
    'Whether a check refused a newer price of this offer, or of this unit and tier alone, so that this one still stands.';
COMMENT ON COLUMN prices.hold_reason IS 'Code of that check, like new_zero; NULL: not held.';
COMMENT ON COLUMN prices.payload_hash IS 'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN prices.json_path IS 'Place of the statement in that answer, as a JSON path.';
COMMENT ON COLUMN prices.until IS
    'When the discount in `amount` ends by the source, UTC; NULL: no discount, or one without a stated end.';
