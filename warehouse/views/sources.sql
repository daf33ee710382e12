CREATE OR REPLACE VIEW sources AS SELECT * FROM feeds;

COMMENT ON VIEW sources IS 'The same rows as `feeds`.';
COMMENT ON COLUMN sources.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN sources.source IS 'Seller whose facts the feed states, like huggingface.';
COMMENT ON COLUMN sources.kind IS 'catalog: says what is offered; price_list: says what it costs.';
COMMENT ON COLUMN sources.url IS 'Address that was read by the last run.';
COMMENT ON COLUMN sources.terms_url IS 'Terms under which the feed may be read.';
COMMENT ON COLUMN sources.required IS 'Whether a run counts as failed when this feed fails.';
COMMENT ON COLUMN sources.enabled IS 'Whether runs read this feed.';
COMMENT ON COLUMN sources.expected_every IS 'How often a complete answer is expected.';
COMMENT ON COLUMN sources.last_attempt_at IS
    'End of the last attempt to read it, UTC; NULL: never tried.';
COMMENT ON COLUMN sources.last_success_at IS 'End of the last complete reading, UTC; NULL: never.';
COMMENT ON COLUMN sources.failures_in_a_row IS
    'Attempts that failed since the last complete reading.';
COMMENT ON COLUMN sources.last_error IS
    'Message of the most recent failure, however old; NULL: it never failed.';
