DELETE FROM _ph_refusal t USING stale s WHERE t.check_id = s.check_id;
