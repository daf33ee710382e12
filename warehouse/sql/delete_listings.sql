DELETE FROM _ph_listing t USING stale s WHERE t.offer_id = s.offer_id AND t.feed = s.feed;
