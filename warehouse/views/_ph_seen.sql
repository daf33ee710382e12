-- When each listing was last seen: in its feed's last whole answer, unless it is missing by now.
CREATE OR REPLACE VIEW internal._ph_seen AS
SELECT l.offer_id, l.feed, coalesce(l.last_seen_at, t.observed_at) AS seen_at
FROM internal._ph_listing l LEFT JOIN internal._ph_feed_time t USING (feed);
