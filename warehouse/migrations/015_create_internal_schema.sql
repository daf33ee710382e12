-- The tables and views that are not published move to a schema of their own, with all their rows.
-- DuckDB moves no table, so each is made again and filled; views and macros are defined again after
-- the migrations. Without its mark of compaction the file is soon rewritten, which returns the space
-- of the old tables.
CREATE SCHEMA internal;
CREATE TABLE internal._ph_migration (
    number INTEGER NOT NULL, name VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE internal._ph_offer (
    offer_id VARCHAR NOT NULL, source VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    inference_provider VARCHAR NOT NULL, task VARCHAR NOT NULL, provider_model_id VARCHAR,
    router_model VARCHAR, task_group VARCHAR NOT NULL, offer_type VARCHAR NOT NULL,
    adapter_rule_id VARCHAR, first_seen_at TIMESTAMPTZ NOT NULL, last_seen_at TIMESTAMPTZ,
    gone_at TIMESTAMPTZ
);
CREATE TABLE internal._ph_listing (
    offer_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, status VARCHAR NOT NULL,
    context_length BIGINT, supports_tools BOOLEAN, supports_structured_output BOOLEAN,
    is_model_author BOOLEAN, input_modalities VARCHAR[], output_modalities VARCHAR[],
    throughput_tps DOUBLE, first_token_latency_ms DOUBLE, request_latency_ms DOUBLE,
    missed BIGINT NOT NULL, absent_from TIMESTAMPTZ, last_seen_at TIMESTAMPTZ
);
CREATE TABLE internal._ph_claim (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    amount DECIMAL(38,18), currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL,
    basis VARCHAR NOT NULL, reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR,
    native_amount DECIMAL(38,18), native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR,
    scope VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL, until TIMESTAMPTZ
);
CREATE TABLE internal._ph_price (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    amount DECIMAL(38,18), currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL,
    basis VARCHAR NOT NULL, reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR,
    native_amount DECIMAL(38,18), native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR,
    scope VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL, changed_at TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ
);
CREATE TABLE internal._ph_card (
    offer_id VARCHAR NOT NULL, status VARCHAR NOT NULL, context_length BIGINT,
    supports_tools BOOLEAN, supports_structured_output BOOLEAN, is_model_author BOOLEAN,
    input_modalities VARCHAR[], output_modalities VARCHAR[], throughput_tps DOUBLE,
    first_token_latency_ms DOUBLE, request_latency_ms DOUBLE, status_since TIMESTAMPTZ NOT NULL,
    facts_since TIMESTAMPTZ NOT NULL, speed_feed VARCHAR, speed_changed_at TIMESTAMPTZ,
    price_status VARCHAR NOT NULL, price_basis VARCHAR, price_reason VARCHAR, price_feed VARCHAR,
    price_changed_at TIMESTAMPTZ, held BOOLEAN NOT NULL, hold_reason VARCHAR,
    held_since TIMESTAMPTZ, price_seen_at TIMESTAMPTZ
);
CREATE TABLE internal._ph_model (
    model_id VARCHAR NOT NULL, hub_id VARCHAR, pipeline_tag VARCHAR, library_name VARCHAR,
    licence VARCHAR, likes BIGINT, downloads BIGINT, parameters BIGINT, gated VARCHAR,
    created_at TIMESTAMPTZ, modified_at TIMESTAMPTZ, input_modalities VARCHAR[],
    output_modalities VARCHAR[], first_seen_at TIMESTAMPTZ NOT NULL, renamed_to VARCHAR
);
CREATE TABLE internal._ph_provider (
    inference_provider VARCHAR NOT NULL, display_name VARCHAR NOT NULL, operator VARCHAR,
    operator_country VARCHAR, serving_countries VARCHAR[], region VARCHAR NOT NULL,
    region_confidence VARCHAR, compliance_tags VARCHAR[] NOT NULL, price_feed VARCHAR,
    price_feed_reason VARCHAR, joined_on DATE, left_on DATE, left_source VARCHAR
);
CREATE TABLE internal._ph_feed (
    feed VARCHAR NOT NULL, source VARCHAR NOT NULL, kind VARCHAR NOT NULL, url VARCHAR NOT NULL,
    terms_url VARCHAR NOT NULL, required BOOLEAN NOT NULL, enabled BOOLEAN NOT NULL,
    expected_every_s BIGINT NOT NULL, price_rank INTEGER, priced_only BOOLEAN
);
CREATE TABLE internal._ph_source (
    source VARCHAR NOT NULL, display_name VARCHAR NOT NULL, licence VARCHAR NOT NULL,
    attribution VARCHAR NOT NULL
);
CREATE TABLE internal._ph_compliance_claim (
    claim_id VARCHAR NOT NULL, inference_provider VARCHAR NOT NULL, claim VARCHAR NOT NULL,
    value VARCHAR NOT NULL, applies VARCHAR NOT NULL, source_url VARCHAR NOT NULL,
    paraphrase VARCHAR NOT NULL, checked_on DATE NOT NULL, expires_on DATE NOT NULL,
    confidence VARCHAR NOT NULL, in_force BOOLEAN NOT NULL
);
CREATE TABLE internal._ph_claim_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL,
    feed VARCHAR NOT NULL, amount DECIMAL(38,18), currency VARCHAR NOT NULL,
    price_status VARCHAR NOT NULL, basis VARCHAR NOT NULL, reason VARCHAR,
    native_unit VARCHAR NOT NULL, raw_text VARCHAR, native_amount DECIMAL(38,18),
    native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR, scope VARCHAR NOT NULL,
    payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL, claim_run_id VARCHAR NOT NULL,
    evidence VARCHAR, kind VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL,
    not_before_at TIMESTAMPTZ, recorded_at TIMESTAMPTZ NOT NULL, rule_version VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_price_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL,
    feed VARCHAR NOT NULL, amount DECIMAL(38,18), currency VARCHAR NOT NULL,
    price_status VARCHAR NOT NULL, basis VARCHAR NOT NULL, reason VARCHAR,
    native_unit VARCHAR NOT NULL, raw_text VARCHAR, native_amount DECIMAL(38,18),
    native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR, scope VARCHAR NOT NULL,
    payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL, claim_run_id VARCHAR NOT NULL,
    kind VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL, not_before_at TIMESTAMPTZ,
    recorded_at TIMESTAMPTZ NOT NULL, rule_version VARCHAR NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_status_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL, context_length BIGINT, supports_tools BOOLEAN,
    supports_structured_output BOOLEAN, valid_from TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_speed_log (
    log_id BIGINT NOT NULL, offer_id VARCHAR NOT NULL, throughput_tps DOUBLE,
    first_token_latency_ms DOUBLE, request_latency_ms DOUBLE, observed_at TIMESTAMPTZ NOT NULL,
    run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_change (
    change_id BIGINT NOT NULL, event VARCHAR NOT NULL, offer_id VARCHAR, unit VARCHAR, tier VARCHAR,
    old_amount DECIMAL(38,18), new_amount DECIMAL(38,18), old_value VARCHAR, new_value VARCHAR,
    currency VARCHAR, not_before_at TIMESTAMPTZ, occurred_at TIMESTAMPTZ NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL, inference_provider VARCHAR
);
CREATE TABLE internal._ph_offer_link (
    old_offer_id VARCHAR NOT NULL, new_offer_id VARCHAR NOT NULL, reason VARCHAR NOT NULL,
    "at" TIMESTAMPTZ NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_run (
    sequence BIGINT NOT NULL, run_id VARCHAR NOT NULL, flow VARCHAR NOT NULL,
    "trigger" VARCHAR NOT NULL, origin VARCHAR NOT NULL, scheduled_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL, outcome VARCHAR NOT NULL,
    published BOOLEAN NOT NULL, models BIGINT, offers BIGINT, adapters BIGINT, priced BIGINT,
    free BIGINT, suspect BIGINT, unpriced BIGINT, rejected BIGINT, changes BIGINT, holds BIGINT,
    code_version VARCHAR NOT NULL, prefect_run_id VARCHAR, error VARCHAR
);
CREATE TABLE internal._ph_run_feed (
    run_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
    requests BIGINT NOT NULL, retries BIGINT NOT NULL, pages BIGINT NOT NULL, bytes BIGINT NOT NULL,
    records BIGINT, accepted BIGINT, rejected BIGINT, waited_s DOUBLE NOT NULL,
    started_at TIMESTAMPTZ NOT NULL, finished_at TIMESTAMPTZ NOT NULL, observed_at TIMESTAMPTZ,
    details BOOLEAN NOT NULL, error_code VARCHAR, error VARCHAR, short_pages BIGINT
);
CREATE TABLE internal._ph_gap (
    feed VARCHAR NOT NULL, from_at TIMESTAMPTZ NOT NULL, to_at TIMESTAMPTZ NOT NULL,
    reason VARCHAR NOT NULL, run_id VARCHAR NOT NULL
);
CREATE TABLE internal._ph_check (
    check_id VARCHAR NOT NULL, run_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
    severity VARCHAR NOT NULL, passed BOOLEAN NOT NULL, feed VARCHAR, inference_provider VARCHAR,
    offer_id VARCHAR, unit VARCHAR, expected VARCHAR, observed VARCHAR, old_amount DECIMAL(38,18),
    candidate_amount DECIMAL(38,18), message VARCHAR NOT NULL, decision VARCHAR, decided_by VARCHAR,
    decided_at TIMESTAMPTZ, decision_reason VARCHAR, tier VARCHAR
);
CREATE TABLE internal._ph_rejected_row (
    run_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL,
    json_path VARCHAR NOT NULL, record_key VARCHAR, inference_provider VARCHAR,
    reasons VARCHAR[] NOT NULL, field VARCHAR, value_text VARCHAR, rejected_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE internal._ph_refusal (
    check_id VARCHAR NOT NULL, name VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    inference_provider VARCHAR, offer_id VARCHAR, unit VARCHAR, tier VARCHAR,
    candidate VARCHAR NOT NULL, since_at TIMESTAMPTZ NOT NULL, decision VARCHAR NOT NULL,
    absent_from TIMESTAMPTZ, kept_seen_at TIMESTAMPTZ
);
CREATE TABLE internal._ph_correction (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL,
    overruled_amount DECIMAL(38,18), overruled_status VARCHAR NOT NULL,
    overruled_currency VARCHAR NOT NULL, overruled_feed VARCHAR, absent_from TIMESTAMPTZ
);
CREATE TABLE internal._ph_view (
    name VARCHAR NOT NULL, checksum VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
);

INSERT INTO internal._ph_migration FROM main._ph_migration;
INSERT INTO internal._ph_offer FROM main._ph_offer;
INSERT INTO internal._ph_listing FROM main._ph_listing;
INSERT INTO internal._ph_claim FROM main._ph_claim;
INSERT INTO internal._ph_price FROM main._ph_price;
INSERT INTO internal._ph_card FROM main._ph_card;
INSERT INTO internal._ph_model FROM main._ph_model;
INSERT INTO internal._ph_provider FROM main._ph_provider;
INSERT INTO internal._ph_feed FROM main._ph_feed;
INSERT INTO internal._ph_source FROM main._ph_source;
INSERT INTO internal._ph_compliance_claim FROM main._ph_compliance_claim;
INSERT INTO internal._ph_claim_log FROM main._ph_claim_log;
INSERT INTO internal._ph_price_log FROM main._ph_price_log;
INSERT INTO internal._ph_status_log FROM main._ph_status_log;
INSERT INTO internal._ph_speed_log FROM main._ph_speed_log;
INSERT INTO internal._ph_change FROM main._ph_change;
INSERT INTO internal._ph_offer_link FROM main._ph_offer_link;
INSERT INTO internal._ph_run FROM main._ph_run;
INSERT INTO internal._ph_run_feed FROM main._ph_run_feed;
INSERT INTO internal._ph_gap FROM main._ph_gap;
INSERT INTO internal._ph_check FROM main._ph_check;
INSERT INTO internal._ph_rejected_row FROM main._ph_rejected_row;
INSERT INTO internal._ph_refusal FROM main._ph_refusal;
INSERT INTO internal._ph_correction FROM main._ph_correction;
INSERT INTO internal._ph_view FROM main._ph_view;

DROP VIEW IF EXISTS main._ph_feed_time;
DROP VIEW IF EXISTS main._ph_window;
DROP VIEW IF EXISTS main._ph_seen;
DROP VIEW IF EXISTS main._ph_price_hold;
DROP VIEW IF EXISTS main._ph_price_seen;
DROP VIEW IF EXISTS main._ph_present;
DROP VIEW IF EXISTS main._ph_estimate;
DROP VIEW IF EXISTS main._ph_price_interval;
DROP VIEW IF EXISTS main._ph_price_history;
DROP VIEW IF EXISTS main._ph_price_claims;
DROP VIEW IF EXISTS main._ph_status_history;
DROP VIEW IF EXISTS main._ph_route;
DROP VIEW IF EXISTS main._ph_feed_bit;
DROP VIEW IF EXISTS main._ph_card_computed;
DROP VIEW IF EXISTS main._ph_cards;
-- Views and the opening make them again, of the other tables.
DROP TABLE IF EXISTS main._ph_card_facts;
DROP TABLE IF EXISTS main._ph_feed_set;
DROP TABLE IF EXISTS main._ph_hour;
DROP TABLE IF EXISTS main._ph_opened;
DROP TABLE IF EXISTS main._ph_compacted;
DROP TABLE main._ph_migration;
DROP TABLE main._ph_offer;
DROP TABLE main._ph_listing;
DROP TABLE main._ph_claim;
DROP TABLE main._ph_price;
DROP TABLE main._ph_card;
DROP TABLE main._ph_model;
DROP TABLE main._ph_provider;
DROP TABLE main._ph_feed;
DROP TABLE main._ph_source;
DROP TABLE main._ph_compliance_claim;
DROP TABLE main._ph_claim_log;
DROP TABLE main._ph_price_log;
DROP TABLE main._ph_status_log;
DROP TABLE main._ph_speed_log;
DROP TABLE main._ph_change;
DROP TABLE main._ph_offer_link;
DROP TABLE main._ph_run;
DROP TABLE main._ph_run_feed;
DROP TABLE main._ph_gap;
DROP TABLE main._ph_check;
DROP TABLE main._ph_rejected_row;
DROP TABLE main._ph_refusal;
DROP TABLE main._ph_correction;
DROP TABLE main._ph_view;
