SELECT source, inference_provider, max(gone_at) AS gone_at, max(last_seen_at) AS last_seen_at
FROM settled_offer WHERE gone_at IS NOT NULL GROUP BY ALL ORDER BY ALL;
