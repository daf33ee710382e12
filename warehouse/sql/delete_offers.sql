DELETE FROM _ph_offer t USING stale s WHERE t.offer_id = s.offer_id;
