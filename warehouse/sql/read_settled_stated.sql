SELECT c.feed, o.inference_provider, count(DISTINCT offer_id) AS offers
FROM internal._ph_claim c JOIN settled_offer o USING (offer_id)
WHERE c.basis <> 'estimate' AND c.price_status <> 'not_published'
  AND c.tier = 'standard' AND NOT list_contains($additional, c.unit)
GROUP BY ALL;
