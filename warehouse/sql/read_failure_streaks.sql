-- Attempts of each required feed that failed since its last complete answer, in whatever run.
WITH attempt AS (
    SELECT f.feed, r.sequence, f.outcome IN ('failed', 'partial') AS failed
    FROM internal._ph_run_feed f JOIN internal._ph_run r USING (run_id) JOIN internal._ph_feed d USING (feed)
    WHERE f.outcome <> 'skipped' AND f.error_code IS DISTINCT FROM 'stopped' AND d.required
)
SELECT feed, count(*) FILTER (failed AND sequence > coalesce(whole, 0)) AS failures
FROM attempt JOIN (
    SELECT feed, max(sequence) FILTER (NOT failed) AS whole FROM attempt GROUP BY feed
) USING (feed)
GROUP BY feed ORDER BY feed;
