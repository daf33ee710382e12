-- Each route with its prices of now, and every interval of offers that had its name and task.
, past AS (
    SELECT r.model_id, r.inference_provider,
           list({'unit': h.unit, 'tier': h.tier, 'native_unit': h.native_unit,
                 'amount': CASE WHEN h.price_status IN ('priced', 'free') AND h.currency = 'USD'
                                     AND h.scope = 'public' THEN h.amount END,
                 'valid_from': h.valid_from, 'valid_to': h.valid_to}
                ORDER BY h.valid_from, h.unit, h.tier, h.offer_id) AS intervals
    FROM route r
    JOIN offers o USING (model_id, inference_provider, task)
    JOIN price_history h ON h.offer_id = o.offer_id
    WHERE h.basis <> 'estimate'
    GROUP BY ALL
)
SELECT r.*, past.intervals FROM route r LEFT JOIN past USING (model_id, inference_provider)
ORDER BY CASE WHEN $by_provider THEN inference_provider END, model_id, inference_provider;
