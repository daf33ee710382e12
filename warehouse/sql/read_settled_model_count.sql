SELECT count(DISTINCT model_id) FROM settled_offer;
