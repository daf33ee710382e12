SELECT o.inference_provider, count(*) AS offers
FROM internal._ph_card c JOIN settled_offer o USING (offer_id) WHERE c.status = 'live' GROUP BY ALL;
