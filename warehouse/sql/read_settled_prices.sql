-- A price that a feed of another source states too is a peer and is not compared itself.
WITH source AS (
    SELECT feed, any_value(source) AS source FROM internal._ph_feed GROUP BY feed
), confirmed AS (
    SELECT DISTINCT p.offer_id, p.unit, p.tier
    FROM internal._ph_price p
    JOIN internal._ph_claim c USING (offer_id, unit, tier, amount, currency, price_status)
    LEFT JOIN source f ON f.feed = p.feed LEFT JOIN source g ON g.feed = c.feed
    WHERE p.price_status = 'priced' AND c.basis <> 'estimate' AND p.feed <> c.feed
      AND coalesce(f.source, p.feed) <> coalesce(g.source, c.feed)
)
SELECT p.offer_id, p.unit, p.tier, o.model_id, o.inference_provider, o.task_group, p.currency,
       p.amount, m.parameters, c.offer_id IS NULL AS is_compared, true AS is_established
FROM internal._ph_price p JOIN settled_offer o USING (offer_id)
LEFT JOIN internal._ph_model m USING (model_id)
LEFT JOIN confirmed c ON (c.offer_id, c.unit, c.tier) = (p.offer_id, p.unit, p.tier)
WHERE p.price_status = 'priced' AND o.offer_type = 'model'
ORDER BY p.offer_id, p.unit, p.tier;
