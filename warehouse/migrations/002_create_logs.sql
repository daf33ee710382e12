-- Append-only: a value seen, a value gone. Nothing here is ever updated; intervals are views.
-- `log_id` grows with each row and orders what one answer brought.
CREATE TABLE _ph_claim_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL,
    tier VARCHAR NOT NULL, feed VARCHAR NOT NULL, amount DECIMAL(38,18),
    currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL, basis VARCHAR NOT NULL,
    reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR, native_amount DECIMAL(38,18),
    native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR, scope VARCHAR NOT NULL,
    payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL, claim_run_id VARCHAR NOT NULL,
    evidence VARCHAR, kind VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL,
    not_before_at TIMESTAMPTZ, recorded_at TIMESTAMPTZ NOT NULL, rule_version VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_price_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL,
    tier VARCHAR NOT NULL, feed VARCHAR NOT NULL, amount DECIMAL(38,18),
    currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL, basis VARCHAR NOT NULL,
    reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR, native_amount DECIMAL(38,18),
    native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR, scope VARCHAR NOT NULL,
    payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL, claim_run_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL, not_before_at TIMESTAMPTZ,
    recorded_at TIMESTAMPTZ NOT NULL, rule_version VARCHAR NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_status_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL, context_length BIGINT, supports_tools BOOLEAN,
    supports_structured_output BOOLEAN, valid_from TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_speed_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, throughput_tps DOUBLE,
    first_token_latency_ms DOUBLE, request_latency_ms DOUBLE, observed_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_change (
    change_id BIGINT NOT NULL, event VARCHAR NOT NULL, offer_id VARCHAR NOT NULL, unit VARCHAR,
    tier VARCHAR, old_amount DECIMAL(38,18), new_amount DECIMAL(38,18), old_value VARCHAR,
    new_value VARCHAR, currency VARCHAR, not_before_at TIMESTAMPTZ,
    occurred_at TIMESTAMPTZ NOT NULL, recorded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_offer_link (
    old_offer_id VARCHAR NOT NULL, new_offer_id VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    "at" TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_run (
    sequence BIGINT NOT NULL, run_id VARCHAR NOT NULL, flow VARCHAR NOT NULL,
    "trigger" VARCHAR NOT NULL, origin VARCHAR NOT NULL, scheduled_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL, outcome VARCHAR NOT NULL,
    published BOOLEAN NOT NULL, models BIGINT, offers BIGINT, adapters BIGINT, priced BIGINT,
    free BIGINT, suspect BIGINT, unpriced BIGINT, rejected BIGINT, changes BIGINT, holds BIGINT,
    code_version VARCHAR NOT NULL, prefect_run_id VARCHAR, error VARCHAR
);
CREATE TABLE _ph_run_feed (
    run_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
    requests BIGINT NOT NULL, retries BIGINT NOT NULL, pages BIGINT NOT NULL,
    bytes BIGINT NOT NULL, records BIGINT, accepted BIGINT, rejected BIGINT,
    waited_s DOUBLE NOT NULL, started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL,
    observed_at TIMESTAMPTZ, details BOOLEAN NOT NULL, error_code VARCHAR, error VARCHAR
);
CREATE TABLE _ph_gap (
    feed VARCHAR NOT NULL, from_at TIMESTAMPTZ NOT NULL, to_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_check (
    check_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
    severity VARCHAR NOT NULL, passed BOOLEAN NOT NULL, feed VARCHAR, inference_provider VARCHAR,
    offer_id VARCHAR, unit VARCHAR, expected VARCHAR, observed VARCHAR,
    old_amount DECIMAL(38,18), candidate_amount DECIMAL(38,18), message VARCHAR NOT NULL,
    decision VARCHAR, decided_by VARCHAR, decided_at TIMESTAMPTZ, decision_reason VARCHAR
);
CREATE TABLE _ph_rejected_row (
    run_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL,
    json_path VARCHAR NOT NULL, record_key VARCHAR, inference_provider VARCHAR,
    reasons VARCHAR[] NOT NULL, field VARCHAR, value_text VARCHAR,
    rejected_at TIMESTAMPTZ NOT NULL
);
