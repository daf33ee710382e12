SELECT f.feed, f.required, t.observed_at, f.last_success_at, f.failures_in_a_row, f.last_error
FROM feeds f LEFT JOIN _ph_feed_time t USING (feed) ORDER BY f.feed;
