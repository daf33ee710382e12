SELECT feed, observed_at FROM _ph_feed_time ORDER BY feed;
