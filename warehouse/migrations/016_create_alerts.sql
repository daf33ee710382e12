-- What an operator is notified of: one row per finding, from when it was found until it was over.
-- `key` names the finding among those of its kind, `settles` is whether it is an event, `before`
-- what was so before the event, `recovery` the message of its end.
CREATE TABLE internal._ph_alert (
    alert_id VARCHAR NOT NULL, kind VARCHAR NOT NULL, "key" VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, message VARCHAR NOT NULL, feed VARCHAR, settles BOOLEAN NOT NULL,
    "before" VARCHAR, opened_at TIMESTAMPTZ NOT NULL, notified_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ, recovery VARCHAR, run_id VARCHAR NOT NULL
);
