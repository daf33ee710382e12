-- A bit for each feed that ever gave a whole answer, by the order of their first ones: a feed keeps
-- its bit. Many cards have the same few sets of feeds.
CREATE OR REPLACE VIEW internal._ph_feed_bit AS
SELECT feed, 1::HUGEINT << (row_number() OVER (ORDER BY min(run_id), feed) - 1)::INT AS feed_bit
FROM internal._ph_run_feed WHERE observed_at IS NOT NULL GROUP BY feed;
