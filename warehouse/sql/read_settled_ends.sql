SELECT source, inference_provider, max(gone_at) AS gone_at, max(last_seen_at) AS last_seen_at
FROM internal._ph_offer ANTI JOIN touched_offer USING (offer_id)
WHERE gone_at IS NOT NULL GROUP BY ALL ORDER BY ALL;
