CREATE OR REPLACE VIEW run_feeds AS
SELECT run_id, feed, outcome, requests, retries, pages, bytes, records, accepted, rejected,
       waited_s, started_at, finished_at, error_code, error, short_pages
FROM internal._ph_run_feed;

COMMENT ON VIEW run_feeds IS 'How reading each feed went in each run: one row per run and feed.';
COMMENT ON COLUMN run_feeds.run_id IS 'Run that read the feed.';
COMMENT ON COLUMN run_feeds.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN run_feeds.outcome IS
    'complete, partial (broke off, not used), failed, skipped, or not_modified (nothing newer there).';
COMMENT ON COLUMN run_feeds.requests IS 'Number of requests sent, retries included.';
COMMENT ON COLUMN run_feeds.retries IS 'Number of requests that were repeats.';
COMMENT ON COLUMN run_feeds.pages IS 'Number of answers kept.';
COMMENT ON COLUMN run_feeds.bytes IS 'Size of the answers, decompressed, in bytes.';
COMMENT ON COLUMN run_feeds.records IS
    'Number of entries in the answers; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.accepted IS 'Number of entries that entered; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.rejected IS
    'Number of entries that were refused; NULL: they were not read.';
COMMENT ON COLUMN run_feeds.waited_s IS
    'Time spent waiting before requests and retries, in seconds.';
COMMENT ON COLUMN run_feeds.started_at IS 'When reading began, UTC.';
COMMENT ON COLUMN run_feeds.finished_at IS 'When reading ended, UTC.';
COMMENT ON COLUMN run_feeds.error_code IS 'Stable code of the failure; NULL: none.';
COMMENT ON COLUMN run_feeds.error IS 'Message of the failure; NULL: none.';
COMMENT ON COLUMN run_feeds.short_pages IS
    'Pages with fewer rows than requested that were not the last; NULL: not counted.';
