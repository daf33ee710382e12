-- Each offer once, under the feed of its first main price.
SELECT p.feed, o.inference_provider, count(*) AS offers
FROM (
    SELECT offer_id, arg_min(feed, unit) AS feed FROM internal._ph_price
    WHERE tier = 'standard' AND NOT list_contains($additional, unit) GROUP BY offer_id
) p JOIN settled_offer o USING (offer_id) GROUP BY ALL;
