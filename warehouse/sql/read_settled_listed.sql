SELECT l.feed, o.inference_provider, count(*) AS offers
FROM internal._ph_listing l JOIN settled_offer o USING (offer_id) GROUP BY ALL;
