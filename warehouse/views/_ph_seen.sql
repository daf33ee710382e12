-- When each listing was last seen: in its feed's last whole answer, unless it is missing by now.
CREATE OR REPLACE VIEW _ph_seen AS
SELECT l.offer_id, l.feed, coalesce(l.last_seen_at, t.observed_at) AS seen_at
FROM _ph_listing l LEFT JOIN _ph_feed_time t USING (feed);
