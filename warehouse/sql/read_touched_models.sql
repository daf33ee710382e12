SELECT DISTINCT model_id FROM touched ORDER BY model_id;
