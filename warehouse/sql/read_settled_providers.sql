SELECT DISTINCT source, inference_provider FROM settled_offer WHERE gone_at IS NULL ORDER BY ALL;
