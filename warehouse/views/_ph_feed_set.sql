-- The sets of feeds that cards have, with the newest and the oldest of their last whole answers. A
-- load writes the table again.
CREATE OR REPLACE TABLE internal._ph_feed_set AS
SELECT s.feeds, max(t.observed_at) AS newest_at, min(t.observed_at) AS oldest_at
FROM (
    SELECT observed_feeds AS feeds FROM internal._ph_card_facts
    UNION SELECT price_feeds FROM internal._ph_card_facts
    UNION SELECT speed_feeds FROM internal._ph_card_facts
) s
JOIN internal._ph_feed_bit b ON s.feeds::HUGEINT & b.feed_bit <> 0
JOIN internal._ph_feed_time t USING (feed)
GROUP BY s.feeds;
