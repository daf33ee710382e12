-- When the prices of traced offers begin.
SELECT min(h.valid_from) AS first_at
FROM price_history h JOIN traced t ON t.offer_id = h.offer_id
WHERE h.valid_from < t.until;
