-- The intervals of an offer's prices, also under the ids that it had before it was renamed.
WITH RECURSIVE same AS (
    SELECT $offer_id::VARCHAR AS offer_id
    UNION
    SELECT l.old_offer_id FROM offer_links l JOIN same s ON l.new_offer_id = s.offer_id
)
SELECT h.* FROM price_history h JOIN same USING (offer_id)
ORDER BY h.tier <> 'standard', h.tier, h.unit, h.valid_from, h.recorded_at;
