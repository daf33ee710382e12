SELECT count(DISTINCT model_id) FROM settled_offer WHERE gone_at IS NULL;
