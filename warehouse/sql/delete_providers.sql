DELETE FROM _ph_provider t USING stale s WHERE t.inference_provider = s.inference_provider;
