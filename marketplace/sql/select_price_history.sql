-- Every interval of the prices of traced offers.
SELECT DISTINCT h.*
FROM price_history h JOIN traced t ON t.earlier_id = h.offer_id
WHERE h.valid_from < t.until
  AND (t.since IS NULL OR h.valid_to IS NULL OR h.valid_to > t.since)
ORDER BY h.tier <> 'standard', h.tier, h.unit, h.valid_from, h.recorded_at;
