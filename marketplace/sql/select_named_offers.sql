-- The offers of a model, with the main prices of those that have a card; listed ones first.
SELECT o.offer_id, o.model_id, o.inference_provider, o.task, o.provider_model_id, o.router_model,
       o.offer_type, o.gone_at, c.price_status, coalesce(c.held, false) AS held,
       coalesce(p.prices, []) AS prices
FROM offers o
LEFT JOIN cards c USING (offer_id)
LEFT JOIN (
    SELECT offer_id, list({'unit': unit, 'amount': amount, 'currency': currency}
                          ORDER BY unit) AS prices
    FROM prices
    WHERE tier = 'standard' AND amount IS NOT NULL
          AND NOT list_contains($additional_units::VARCHAR[], unit)
    GROUP BY offer_id
) p USING (offer_id)
WHERE o.model_id = $model_id
ORDER BY o.gone_at IS NOT NULL, o.inference_provider, o.task, o.offer_id;
