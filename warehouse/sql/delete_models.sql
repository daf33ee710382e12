DELETE FROM _ph_model t USING stale s WHERE t.model_id = s.model_id;
