-- When a price was last confirmed; of a held one, by the answer before it was held.
CREATE OR REPLACE VIEW internal._ph_price_seen AS
SELECT p.offer_id, p.unit, p.tier, coalesce(c.price_seen_at, h.seen_at, s.seen_at) AS seen_at,
       h.hold_reason
FROM internal._ph_price p
LEFT JOIN internal._ph_price_hold h USING (offer_id, unit, tier)
LEFT JOIN internal._ph_card c USING (offer_id)
LEFT JOIN internal._ph_seen s USING (offer_id, feed);
