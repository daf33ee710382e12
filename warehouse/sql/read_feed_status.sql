SELECT f.feed, f.required, f.enabled, t.observed_at, f.last_success_at, f.failures_in_a_row, f.last_error,
       CASE WHEN n.outcome = 'skipped' THEN n.error END AS skipped_because
FROM feeds f
LEFT JOIN internal._ph_feed_time t USING (feed)
LEFT JOIN (
    SELECT feed, max_by(outcome, run_id) AS outcome, max_by(error, run_id) AS error
    FROM run_feeds GROUP BY feed
) n USING (feed)
ORDER BY f.feed;
