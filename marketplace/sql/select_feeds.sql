-- The feeds, when each was last observed whole, and why the last run did not read it.
SELECT f.feed, f.source, f.kind, f.url, f.terms_url, f.required, f.enabled,
       epoch(f.expected_every) AS expected_every_s, f.last_attempt_at, f.last_success_at,
       f.failures_in_a_row, f.last_error, t.observed_at,
       CASE WHEN n.outcome = 'skipped' THEN n.error END AS skipped_because
FROM feeds f
LEFT JOIN internal._ph_feed_time t USING (feed)
LEFT JOIN (
    SELECT feed, max_by(outcome, run_id) AS outcome, max_by(error, run_id) AS error
    FROM run_feeds GROUP BY feed
) n USING (feed)
ORDER BY f.feed;
