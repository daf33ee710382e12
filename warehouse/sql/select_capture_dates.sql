SELECT feed, observed_at FROM internal._ph_feed_time
WHERE feed IN (SELECT feed FROM run_feeds WHERE requests > 0) -- an estimate asks nothing
ORDER BY observed_at, feed;
