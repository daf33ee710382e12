-- The offer and, while it is listed, its card.
SELECT p.publication_id, p.origin, o.offer_id, o.model_id, o.inference_provider, o.task,
       o.provider_model_id, o.offer_type, o.gone_at, c.price_status, c.price_reason,
       coalesce(c.held, false) AS held, c.hold_reason, c.held_since, c.currency
FROM internal._ph_offer o
CROSS JOIN publication p
LEFT JOIN cards c USING (offer_id)
WHERE o.offer_id = $offer_id;
