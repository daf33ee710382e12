CREATE OR REPLACE VIEW alerts AS
SELECT alert_id, kind, subject, message, opened_at, notified_at, closed_at FROM internal._ph_alert;

COMMENT ON VIEW alerts IS
    'What an operator is notified of: one row per finding, from when it was found until it was over.';
COMMENT ON COLUMN alerts.alert_id IS
    'Id of the alert, which its messages name; made of what was found and when.';
COMMENT ON COLUMN alerts.kind IS
    'stale, feed_failing, run_failing, coverage_fell, became_paid, price_held, schema_drift, provider_left, or price_moved.';
COMMENT ON COLUMN alerts.subject IS
    'What it is about: a feed, a provider, a model at a provider, a field, or the data.';
COMMENT ON COLUMN alerts.message IS 'The finding as a sentence.';
COMMENT ON COLUMN alerts.opened_at IS
    'When it was found, UTC; of stale data, when the data reached that age.';
COMMENT ON COLUMN alerts.notified_at IS
    'When a message about it was first delivered, UTC, by what the run knew at its start; NULL: none was.';
COMMENT ON COLUMN alerts.closed_at IS
    'When it was over, UTC; NULL: it is open. An event, like a price that moved, also closes after 7 days.';
