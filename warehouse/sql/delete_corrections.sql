DELETE FROM _ph_correction t USING stale s WHERE t.offer_id = s.offer_id AND t.unit = s.unit AND t.tier = s.tier;
