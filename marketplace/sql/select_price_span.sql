-- When the prices of traced offers begin.
SELECT min(h.valid_from) AS first_at
FROM price_history h JOIN traced t ON t.earlier_id = h.offer_id
WHERE list_contains($ids::VARCHAR[], h.offer_id) AND h.valid_from < t.until;
