SELECT feed, observed_at FROM internal._ph_feed_time ORDER BY feed;
