-- Current rows: what the feeds say now, and what cards show. One row per key; keys are asserted
-- inside each load, because an index here costs more than the whole load (docs/design.md).
CREATE TABLE _ph_offer (
    offer_id VARCHAR NOT NULL, source VARCHAR NOT NULL, model_id VARCHAR NOT NULL,
    inference_provider VARCHAR NOT NULL, task VARCHAR NOT NULL, provider_model_id VARCHAR,
    router_model VARCHAR, task_group VARCHAR NOT NULL, offer_type VARCHAR NOT NULL,
    adapter_rule_id VARCHAR, first_seen_at TIMESTAMPTZ NOT NULL, last_seen_at TIMESTAMPTZ,
    gone_at TIMESTAMPTZ
);
CREATE TABLE _ph_listing (
    offer_id VARCHAR NOT NULL, feed VARCHAR NOT NULL, status VARCHAR NOT NULL,
    context_length BIGINT, supports_tools BOOLEAN, supports_structured_output BOOLEAN,
    is_model_author BOOLEAN, input_modalities VARCHAR[], output_modalities VARCHAR[],
    throughput_tps DOUBLE, first_token_latency_ms DOUBLE, request_latency_ms DOUBLE,
    missed BIGINT NOT NULL, absent_from TIMESTAMPTZ, last_seen_at TIMESTAMPTZ
);
CREATE TABLE _ph_claim (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    amount DECIMAL(38,18), currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL,
    basis VARCHAR NOT NULL, reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR,
    native_amount DECIMAL(38,18), native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR,
    scope VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL
);
CREATE TABLE _ph_price (
    offer_id VARCHAR NOT NULL, unit VARCHAR NOT NULL, tier VARCHAR NOT NULL, feed VARCHAR NOT NULL,
    amount DECIMAL(38,18), currency VARCHAR NOT NULL, price_status VARCHAR NOT NULL,
    basis VARCHAR NOT NULL, reason VARCHAR, native_unit VARCHAR NOT NULL, raw_text VARCHAR,
    native_amount DECIMAL(38,18), native_quantity DECIMAL(38,18) NOT NULL, formula VARCHAR,
    scope VARCHAR NOT NULL, payload_hash VARCHAR NOT NULL, json_path VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL, valid_from TIMESTAMPTZ NOT NULL, changed_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE _ph_card (
    offer_id VARCHAR NOT NULL, status VARCHAR NOT NULL, context_length BIGINT,
    supports_tools BOOLEAN, supports_structured_output BOOLEAN, is_model_author BOOLEAN,
    input_modalities VARCHAR[], output_modalities VARCHAR[], throughput_tps DOUBLE,
    first_token_latency_ms DOUBLE, request_latency_ms DOUBLE, status_since TIMESTAMPTZ NOT NULL,
    facts_since TIMESTAMPTZ NOT NULL, speed_feed VARCHAR, speed_changed_at TIMESTAMPTZ,
    price_status VARCHAR NOT NULL, price_basis VARCHAR, price_reason VARCHAR, price_feed VARCHAR,
    price_changed_at TIMESTAMPTZ, held BOOLEAN NOT NULL, hold_reason VARCHAR,
    held_since TIMESTAMPTZ, price_seen_at TIMESTAMPTZ
);
CREATE TABLE _ph_model (
    model_id VARCHAR NOT NULL, hub_id VARCHAR, pipeline_tag VARCHAR, library_name VARCHAR,
    licence VARCHAR, likes BIGINT, downloads BIGINT, parameters BIGINT, gated VARCHAR,
    created_at TIMESTAMPTZ, modified_at TIMESTAMPTZ, input_modalities VARCHAR[],
    output_modalities VARCHAR[], first_seen_at TIMESTAMPTZ NOT NULL
);
CREATE TABLE _ph_provider (
    inference_provider VARCHAR NOT NULL, display_name VARCHAR NOT NULL, operator VARCHAR,
    operator_country VARCHAR, serving_countries VARCHAR[], region VARCHAR NOT NULL,
    region_confidence VARCHAR, compliance_tags VARCHAR[] NOT NULL, price_feed VARCHAR,
    price_feed_reason VARCHAR
);
CREATE TABLE _ph_feed (
    feed VARCHAR NOT NULL, source VARCHAR NOT NULL, kind VARCHAR NOT NULL, url VARCHAR NOT NULL,
    terms_url VARCHAR NOT NULL, required BOOLEAN NOT NULL, enabled BOOLEAN NOT NULL,
    expected_every_s BIGINT NOT NULL
);
CREATE TABLE _ph_source (
    source VARCHAR NOT NULL, display_name VARCHAR NOT NULL, licence VARCHAR NOT NULL,
    attribution VARCHAR NOT NULL
);
CREATE TABLE _ph_compliance_claim (
    claim_id VARCHAR NOT NULL, inference_provider VARCHAR NOT NULL, claim VARCHAR NOT NULL,
    value VARCHAR NOT NULL, applies VARCHAR NOT NULL, source_url VARCHAR NOT NULL,
    paraphrase VARCHAR NOT NULL, checked_on DATE NOT NULL, expires_on DATE NOT NULL,
    confidence VARCHAR NOT NULL, in_force BOOLEAN NOT NULL
);
