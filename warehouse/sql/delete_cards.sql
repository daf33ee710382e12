DELETE FROM _ph_card t USING stale s WHERE t.offer_id = s.offer_id;
