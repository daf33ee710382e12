-- Every interval of traced offers' standard prices by inference provider, for the chart.
SELECT h.inference_provider, h.unit, h.amount, h.currency, h.price_status, h.valid_from,
       h.valid_to, h.last_seen_at
FROM price_history h
WHERE h.tier = 'standard' AND h.amount IS NOT NULL
  AND EXISTS (SELECT 1 FROM traced t
              WHERE t.earlier_id = h.offer_id AND h.valid_from < t.until
                AND (t.since IS NULL OR h.valid_to IS NULL OR h.valid_to > t.since))
ORDER BY h.unit, h.currency, h.inference_provider, h.valid_from, h.offer_id;
