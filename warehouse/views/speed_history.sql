CREATE OR REPLACE VIEW speed_history AS
SELECT offer_id, throughput_tps, first_token_latency_ms, request_latency_ms, observed_at, run_id
FROM internal._ph_speed_log;

COMMENT ON VIEW speed_history IS
    'Measured speeds of each offer over time: one row whenever they changed.';
COMMENT ON COLUMN speed_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN speed_history.throughput_tps IS
    'Measured output speed, tokens per second; NULL: not measured.';
COMMENT ON COLUMN speed_history.first_token_latency_ms IS
    'Measured time to the first token, milliseconds; NULL: not measured.';
COMMENT ON COLUMN speed_history.request_latency_ms IS
    'Measured time of a whole request, milliseconds; NULL: not measured.';
COMMENT ON COLUMN speed_history.observed_at IS 'First answer that showed these speeds, UTC.';
COMMENT ON COLUMN speed_history.run_id IS 'Run that recorded this row.';
