-- When each feed last gave a whole answer.
CREATE OR REPLACE VIEW internal._ph_feed_time AS
SELECT feed, max(observed_at) AS observed_at
FROM internal._ph_run_feed WHERE observed_at IS NOT NULL GROUP BY feed;
