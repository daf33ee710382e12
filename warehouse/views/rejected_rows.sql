CREATE OR REPLACE VIEW rejected_rows AS
SELECT run_id, feed, payload_hash, json_path, record_key, reasons, field, value_text, rejected_at
FROM internal._ph_rejected_row;

COMMENT ON VIEW rejected_rows IS
    'Entries of answers that did not enter, and why: one row per entry and run.';
COMMENT ON COLUMN rejected_rows.run_id IS 'Run that refused it.';
COMMENT ON COLUMN rejected_rows.feed IS
    'Short name of the feed: one address that is read, like hub or router.';
COMMENT ON COLUMN rejected_rows.payload_hash IS 'sha256, in hex, of the raw answer that holds it.';
COMMENT ON COLUMN rejected_rows.json_path IS 'Place of the entry in that answer, as a JSON path.';
COMMENT ON COLUMN rejected_rows.record_key IS
    'What names the entry, like model | provider | task | name; NULL: nothing does.';
COMMENT ON COLUMN rejected_rows.reasons IS 'Every reason, as field:rule.';
COMMENT ON COLUMN rejected_rows.field IS 'First field that was at fault; NULL: no single one.';
COMMENT ON COLUMN rejected_rows.value_text IS 'What stood there, shortened; NULL: nothing to show.';
COMMENT ON COLUMN rejected_rows.rejected_at IS 'Start of the run that refused it, UTC.';
