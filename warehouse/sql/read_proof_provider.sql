-- Every column that a publication has of the offer's provider: one of earlier code has no dates. Of
-- the stored rows, because the view counts the cards of all providers.
SELECT v.*, p.published_at
FROM internal._ph_provider v
JOIN internal._ph_offer o USING (inference_provider)
CROSS JOIN publication p
WHERE o.offer_id = $offer_id;
