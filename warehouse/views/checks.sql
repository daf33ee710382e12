CREATE OR REPLACE VIEW checks AS SELECT * FROM internal._ph_check;

COMMENT ON VIEW checks IS 'What was checked and what came out; a finding that recurs is told once.';
COMMENT ON COLUMN checks.check_id IS
    'Id of the finding, made of what it says, so that one that recurs keeps it.';
COMMENT ON COLUMN checks.run_id IS 'Run that first found it.';
COMMENT ON COLUMN checks.name IS 'What was checked, like counts_reconcile or new_zero.';
COMMENT ON COLUMN checks.severity IS 'info, warn, hold (the newer value is refused), or fail.';
COMMENT ON COLUMN checks.passed IS 'Whether all was as expected.';
COMMENT ON COLUMN checks.feed IS 'Feed that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.inference_provider IS
    'Provider that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.offer_id IS 'Offer that it is about; NULL: none in particular.';
COMMENT ON COLUMN checks.unit IS 'Unit whose price it is about, like input_token; NULL: none.';
COMMENT ON COLUMN checks.expected IS 'What was expected, in words.';
COMMENT ON COLUMN checks.observed IS 'What was found, in words.';
COMMENT ON COLUMN checks.old_amount IS
    'Price of ONE unit that stood before, or that the other feed states; NULL: none.';
COMMENT ON COLUMN checks.candidate_amount IS
    'Price of ONE unit that was found; NULL: none or not readable.';
COMMENT ON COLUMN checks.message IS 'The finding as a sentence.';
COMMENT ON COLUMN checks.decision IS
    'pending, accepted, rejected, or expired; NULL: there is nothing to decide.';
COMMENT ON COLUMN checks.decided_by IS 'Who decided; NULL: nobody yet.';
COMMENT ON COLUMN checks.decided_at IS 'When it was decided, UTC; NULL: not yet.';
COMMENT ON COLUMN checks.decision_reason IS 'Why it was decided so; NULL: not yet.';
COMMENT ON COLUMN checks.tier IS
    'Tier of the price it is about, like standard or flex; NULL: it is about no single price.';
