SELECT DISTINCT o.inference_provider
FROM internal._ph_price JOIN settled_offer o USING (offer_id) ORDER BY 1;
