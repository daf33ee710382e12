CREATE OR REPLACE VIEW status_history AS SELECT * FROM internal._ph_status_history;

COMMENT ON VIEW status_history IS
    'Status and abilities of each offer over time: intervals [valid_from, valid_to), a new one on each change.';
COMMENT ON COLUMN status_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN status_history.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN status_history.status IS 'live, staging, error, or unknown, as the source says.';
COMMENT ON COLUMN status_history.context_length IS
    'Longest input and output together, in tokens; NULL: not stated.';
COMMENT ON COLUMN status_history.supports_tools IS
    'Whether the model can call tools here; NULL: not stated.';
COMMENT ON COLUMN status_history.supports_structured_output IS
    'Whether the answer can be made to follow a schema; NULL: not stated.';
COMMENT ON COLUMN status_history.valid_from IS 'First answer that showed this state, UTC.';
COMMENT ON COLUMN status_history.valid_to IS
    'First answer that no longer showed this state, UTC; NULL: it still stands.';
COMMENT ON COLUMN status_history.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN status_history.run_id IS 'Run that recorded this row.';
