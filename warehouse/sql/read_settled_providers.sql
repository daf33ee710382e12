SELECT DISTINCT source, inference_provider FROM settled_offer ORDER BY ALL;
