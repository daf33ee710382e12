SELECT o.offer_type, c.price_status, count(*) AS offers
FROM internal._ph_card c JOIN settled_offer o USING (offer_id) GROUP BY ALL ORDER BY ALL;
