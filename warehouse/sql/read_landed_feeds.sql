-- The committed runs in their order, each with the feeds that it asked for and read whole.
SELECT
    run.run_id,
    list(feed.feed) FILTER (
        feed.requests > 0 AND feed.outcome IN ('complete', 'not_modified')
    ) AS feeds
FROM internal._ph_run AS run LEFT JOIN internal._ph_run_feed AS feed USING (run_id)
WHERE run.sequence IS NOT NULL
GROUP BY run.run_id, run.sequence
ORDER BY run.sequence;
