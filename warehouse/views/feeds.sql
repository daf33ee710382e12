CREATE OR REPLACE VIEW feeds AS
WITH attempt AS (
    SELECT f.feed, f.outcome, f.finished_at, f.observed_at, f.error, r.sequence,
           r.outcome AS run_outcome
    FROM internal._ph_run_feed f JOIN internal._ph_run r USING (run_id) WHERE f.outcome <> 'skipped'
), success AS (
    SELECT feed, max(sequence) AS sequence, max_by(finished_at, sequence) AS finished_at
    FROM attempt WHERE observed_at IS NOT NULL OR outcome = 'not_modified' GROUP BY feed
)
SELECT f.feed, f.source, f.kind, f.url, f.terms_url, f.required, f.enabled,
       to_seconds(f.expected_every_s) AS expected_every,
       max(a.finished_at) AS last_attempt_at, any_value(s.finished_at) AS last_success_at,
       count(*) FILTER (a.sequence > coalesce(s.sequence, 0)
                        AND (a.outcome IN ('failed', 'partial') OR a.run_outcome = 'failed')
           ) AS failures_in_a_row,
       max_by(a.error, a.sequence) FILTER (a.error IS NOT NULL) AS last_error
FROM internal._ph_feed f
LEFT JOIN attempt a USING (feed)
LEFT JOIN success s USING (feed)
GROUP BY ALL;

COMMENT ON VIEW feeds IS 'What is read and how reading it went: one row per feed.';
COMMENT ON COLUMN feeds.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN feeds.source IS 'Seller whose facts the feed states, like huggingface.';
COMMENT ON COLUMN feeds.kind IS 'catalog: says what is offered, or says it once more for comparison (partners); price_list: says what it costs.';
COMMENT ON COLUMN feeds.url IS 'Address that was read by the last run.';
COMMENT ON COLUMN feeds.terms_url IS 'Terms under which the feed may be read.';
COMMENT ON COLUMN feeds.required IS 'Whether a run counts as failed when this feed fails.';
COMMENT ON COLUMN feeds.enabled IS 'Whether runs read this feed.';
COMMENT ON COLUMN feeds.expected_every IS 'How often a complete answer is expected.';
COMMENT ON COLUMN feeds.last_attempt_at IS
    'End of the last attempt to read it, UTC; NULL: never tried.';
COMMENT ON COLUMN feeds.last_success_at IS 'End of the last complete reading, UTC; NULL: never.';
COMMENT ON COLUMN feeds.failures_in_a_row IS
    'Attempts that failed since the last complete reading.';
COMMENT ON COLUMN feeds.last_error IS
    'Message of the most recent failure, however old; NULL: it never failed.';
