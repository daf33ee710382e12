DELETE FROM _ph_claim t USING stale s WHERE t.offer_id = s.offer_id AND t.unit = s.unit AND t.tier = s.tier AND t.feed = s.feed;
