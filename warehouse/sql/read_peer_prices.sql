-- The current prices in one unit, tier and currency, with what their peers are found by. The price
-- that is compared is the given one, per ONE unit.
SELECT p.offer_id, p.unit, p.tier, p.currency, o.model_id, o.inference_provider, o.task_group,
       CASE WHEN p.offer_id = $offer_id THEN $amount::DECIMAL(38,18) ELSE p.amount END AS amount,
       m.parameters,
       p.offer_id = $offer_id AS is_compared,
       p.offer_id <> $offer_id AS is_established
FROM prices p
JOIN offers o USING (offer_id)
LEFT JOIN models m ON m.model_id = o.model_id
WHERE p.unit = $unit AND p.tier = $tier AND p.currency = $currency AND o.offer_type = 'model'
  AND (p.price_status = 'priced' OR p.offer_id = $offer_id);
