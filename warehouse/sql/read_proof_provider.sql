-- Every column that a publication has of the offer's provider: one of earlier code has no dates.
SELECT v.*, p.published_at
FROM providers v
JOIN offers o USING (inference_provider)
CROSS JOIN publication p
WHERE o.offer_id = $offer_id;
