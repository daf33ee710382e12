-- Every interval of a model's standard prices by inference provider, for the chart.
SELECT h.inference_provider, h.unit, h.amount, h.currency, h.price_status, h.valid_from,
       h.valid_to, h.last_seen_at
FROM price_history h
WHERE h.model_id = $model_id AND h.tier = 'standard' AND h.amount IS NOT NULL
ORDER BY h.unit, h.inference_provider, h.valid_from, h.offer_id;
