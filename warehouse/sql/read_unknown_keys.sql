-- The keys of price objects that no parser knows, as the current claims state them.
SELECT DISTINCT c.feed, o.inference_provider, substr(c.reason, length($mark) + 1) AS keys
FROM internal._ph_claim c JOIN internal._ph_offer o USING (offer_id)
WHERE starts_with(c.reason, $mark) ORDER BY ALL;
