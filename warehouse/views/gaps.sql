CREATE OR REPLACE VIEW gaps AS SELECT feed, from_at, to_at, reason FROM internal._ph_gap;

COMMENT ON VIEW gaps IS
    'Times in which a feed gave no complete answer for longer than it should: nothing is known in between.';
COMMENT ON COLUMN gaps.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN gaps.from_at IS 'Last complete answer before the gap, UTC.';
COMMENT ON COLUMN gaps.to_at IS 'First complete answer after the gap, UTC.';
COMMENT ON COLUMN gaps.reason IS 'What was missing, in words.';
