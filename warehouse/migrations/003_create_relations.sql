-- The published relations: views over the current rows and logs. Their columns are CONTRACT.
-- Views that macros read have a _ph_ name, so that a macro used through ATTACH fails loudly.

CREATE VIEW _ph_feed_time AS
SELECT feed, max(observed_at) AS observed_at
FROM _ph_run_feed WHERE observed_at IS NOT NULL GROUP BY feed;

CREATE VIEW _ph_window AS
SELECT min(observed_at) AS observed_from, max(observed_at) AS observed_to FROM _ph_feed_time;

-- When each listing was last shown: its feed's last whole answer, unless it is missed by now.
CREATE VIEW _ph_seen AS
SELECT l.offer_id, l.feed, coalesce(l.last_seen_at, t.observed_at) AS seen_at
FROM _ph_listing l LEFT JOIN _ph_feed_time t USING (feed);

-- When a price was last confirmed; a held one was, by the answer before it was held.
CREATE VIEW _ph_price_seen AS
SELECT p.offer_id, p.unit, p.tier, coalesce(c.price_seen_at, s.seen_at) AS seen_at
FROM _ph_price p
LEFT JOIN _ph_card c USING (offer_id)
LEFT JOIN _ph_seen s USING (offer_id, feed);

CREATE VIEW publication AS
SELECT r.run_id AS publication_id, r.run_id, r.origin, '1' AS schema_version,
       r.finished_at AS published_at, w.observed_from, w.observed_to, r.code_version,
       s.licence, s.attribution
FROM _ph_run r, _ph_window w,
     (SELECT string_agg(licence, ' ' ORDER BY source) AS licence,
             string_agg(attribution, ' ' ORDER BY source) AS attribution FROM _ph_source) s
WHERE r.published ORDER BY r.sequence DESC LIMIT 1;

CREATE VIEW offers AS
SELECT o.offer_id, o.source, o.model_id, o.inference_provider, o.task, o.provider_model_id,
       o.router_model, o.task_group, o.offer_type, o.adapter_rule_id, o.first_seen_at,
       coalesce(o.last_seen_at, s.seen_at) AS last_seen_at, o.gone_at
FROM _ph_offer o
LEFT JOIN (SELECT offer_id, max(seen_at) AS seen_at FROM _ph_seen GROUP BY offer_id) s
    USING (offer_id);

CREATE VIEW _ph_cards AS
WITH cost AS (
    SELECT p.offer_id,
           max(p.amount) FILTER (p.unit = 'input_token') AS input_token,
           max(p.amount) FILTER (p.unit = 'output_token') AS output_token,
           min(p.currency) AS currency,
           bool_and(p.scope = 'public') AS is_public,
           max(s.seen_at) AS seen_at
    FROM _ph_price p LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier)
    WHERE p.tier = 'standard' GROUP BY p.offer_id
), seen AS (
    SELECT offer_id, max(seen_at) AS seen_at FROM _ph_seen GROUP BY offer_id
)
SELECT
    o.offer_id, o.source, o.model_id,
    split_part(o.model_id, '/', -1) AS model_name,
    CASE WHEN contains(o.model_id, '/') THEN split_part(o.model_id, '/', 1) END AS author,
    o.inference_provider, o.provider_model_id, o.router_model, o.task, o.task_group, o.offer_type,
    c.status, c.status_since,
    c.context_length, c.supports_tools, c.supports_structured_output, c.is_model_author,
    c.input_modalities, c.output_modalities,
    coalesce(v.region, 'unverified') AS region, v.region_confidence, v.operator_country,
    coalesce(v.compliance_tags, []) AS compliance_tags,
    c.throughput_tps, c.first_token_latency_ms, c.request_latency_ms,
    speed.seen_at AS speed_observed_at, c.speed_changed_at,
    k.input_token AS cost_per_input_token, k.output_token AS cost_per_output_token,
    CASE WHEN k.output_token IS NOT NULL
         THEN ((3 * k.input_token + k.output_token) * 0.25)::DECIMAL(38,18)
         WHEN o.task_group <> 'text' THEN k.input_token
    END AS cost_per_token,
    NULL::DECIMAL(38,18) AS cost_per_image,
    NULL::DECIMAL(38,18) AS cost_per_audio_minute,
    NULL::DECIMAL(38,18) AS cost_per_video_second,
    NULL::DECIMAL(38,18) AS cost_per_million_characters,
    NULL::DECIMAL(38,18) AS estimated_cost, NULL::VARCHAR AS estimated_unit,
    k.currency,
    c.price_status, c.price_basis, c.price_reason, c.price_feed,
    coalesce(c.status = 'live' AND c.price_status = 'priced' AND k.currency = 'USD'
             AND k.is_public AND NOT c.held AND o.offer_type = 'model'
             AND k.seen_at >= w.observed_to - INTERVAL 24 HOUR, false) AS rankable,
    c.held, c.hold_reason, c.held_since, o.first_seen_at,
    seen.seen_at AS observed_at, k.seen_at AS price_observed_at, c.price_changed_at,
    (SELECT origin FROM _ph_run ORDER BY sequence DESC LIMIT 1) AS origin
FROM _ph_card c
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_provider v USING (inference_provider)
LEFT JOIN cost k ON k.offer_id = c.offer_id
LEFT JOIN seen ON seen.offer_id = c.offer_id
LEFT JOIN _ph_seen speed ON speed.offer_id = c.offer_id AND speed.feed = c.speed_feed
CROSS JOIN _ph_window w;

CREATE VIEW cards AS SELECT * FROM _ph_cards;

CREATE VIEW prices AS
SELECT p.offer_id, o.model_id, o.inference_provider, p.unit, p.tier, p.amount, p.currency,
       p.price_status, p.basis, p.reason, p.native_unit, p.raw_text, p.native_amount,
       p.native_quantity, p.formula, p.scope, p.feed, p.valid_from, s.seen_at AS observed_at,
       c.held, c.hold_reason, p.payload_hash, p.json_path
FROM _ph_price p
JOIN _ph_offer o USING (offer_id)
JOIN _ph_card c USING (offer_id)
LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier);

CREATE VIEW _ph_price_interval AS
SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
       lead(not_before_at) OVER series AS last_shown_at
FROM _ph_price_log
WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY log_id);

CREATE VIEW _ph_price_history AS
SELECT i.offer_id, o.model_id, o.inference_provider, i.unit, i.tier, i.amount, i.currency,
       i.price_status, i.basis, i.reason, i.native_unit, i.raw_text, i.native_amount,
       i.native_quantity, i.formula, i.scope, o.task_group, i.valid_from, i.not_before_at,
       i.valid_to,
       CASE WHEN i.next_kind IS NULL THEN s.seen_at ELSE i.last_shown_at END AS last_seen_at,
       CASE i.next_kind WHEN 'seen' THEN 'change' ELSE i.next_kind END AS closed_by,
       i.recorded_at, i.feed, i.rule_version, i.run_id, i.payload_hash, i.json_path
FROM _ph_price_interval i
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier)
WHERE i.kind = 'seen' AND (i.valid_to IS NULL OR i.valid_to > i.valid_from);

CREATE VIEW price_history AS SELECT * FROM _ph_price_history;

CREATE VIEW price_claims AS
WITH told AS (
    SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
           lead(not_before_at) OVER series AS last_shown_at,
           lead(recorded_at) OVER series AS superseded_at,
           lead(run_id) OVER series AS superseded_by_run
    FROM _ph_claim_log
    WINDOW series AS (PARTITION BY offer_id, unit, tier, feed ORDER BY log_id)
), shown AS (
    SELECT DISTINCT offer_id, unit, tier, feed, claim_run_id FROM _ph_price_log WHERE kind = 'seen'
)
SELECT t.offer_id, o.model_id, o.inference_provider, t.unit, t.tier, t.amount, t.currency,
       t.price_status, t.basis, t.reason, t.native_unit, t.raw_text, t.native_amount,
       t.native_quantity, t.formula, t.scope, o.task_group, t.valid_from, t.not_before_at,
       t.valid_to,
       CASE WHEN t.next_kind IS NULL THEN s.seen_at ELSE t.last_shown_at END AS last_seen_at,
       CASE t.next_kind WHEN 'seen' THEN 'change' ELSE t.next_kind END AS closed_by,
       t.recorded_at, t.feed, t.rule_version, t.run_id, t.payload_hash, t.json_path,
       shown.offer_id IS NOT NULL AS chosen, t.superseded_at, t.superseded_by_run, t.evidence
FROM told t
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_seen s USING (offer_id, feed)
LEFT JOIN shown USING (offer_id, unit, tier, feed, claim_run_id)
WHERE t.kind = 'seen';

CREATE VIEW changes AS
SELECT c.change_id, c.event, c.offer_id, o.model_id, o.inference_provider, o.task_group, c.unit,
       c.tier, c.old_amount, c.new_amount,
       CASE WHEN c.old_amount > 0
            THEN 100 * (c.new_amount::DOUBLE / c.old_amount::DOUBLE - 1) END AS change_pct,
       c.old_value, c.new_value, c.currency, c.not_before_at, c.occurred_at, c.recorded_at,
       c.run_id
FROM _ph_change c JOIN _ph_offer o USING (offer_id);

CREATE VIEW price_changes AS
SELECT * FROM changes
WHERE unit IS NOT NULL OR event IN ('held', 'released', 'corrected', 'became_suspect');

CREATE VIEW status_history AS
SELECT i.offer_id, o.inference_provider, i.status, i.context_length, i.supports_tools,
       i.supports_structured_output, i.valid_from, i.valid_to, i.recorded_at, i.run_id
FROM (
    SELECT *, lead(valid_from) OVER (PARTITION BY offer_id ORDER BY log_id) AS valid_to
    FROM _ph_status_log
) i JOIN _ph_offer o USING (offer_id)
WHERE i.kind = 'seen' AND (i.valid_to IS NULL OR i.valid_to > i.valid_from);

CREATE VIEW speed_history AS
SELECT offer_id, throughput_tps, first_token_latency_ms, request_latency_ms, observed_at, run_id
FROM _ph_speed_log;

CREATE VIEW models AS
SELECT m.model_id, m.hub_id,
       split_part(m.model_id, '/', -1) AS model_name,
       CASE WHEN contains(m.model_id, '/') THEN split_part(m.model_id, '/', 1) END AS author,
       m.pipeline_tag, m.library_name, m.licence, m.likes, m.downloads, m.parameters, m.gated,
       m.input_modalities, m.output_modalities, m.created_at, m.modified_at,
       coalesce(n.live_offers, 0) AS live_offers, coalesce(n.priced_offers, 0) AS priced_offers,
       coalesce(n.adapter_offers, 0) AS adapter_offers, m.first_seen_at, n.observed_at
FROM _ph_model m
LEFT JOIN (
    SELECT o.model_id, count(*) FILTER (c.status = 'live') AS live_offers,
           count(*) FILTER (c.price_status = 'priced') AS priced_offers,
           count(*) FILTER (c.offer_id IS NOT NULL AND o.offer_type = 'adapter') AS adapter_offers,
           max(o.last_seen_at) AS observed_at
    FROM offers o LEFT JOIN _ph_card c USING (offer_id) GROUP BY o.model_id
) n USING (model_id);

CREATE VIEW providers AS
SELECT v.inference_provider, v.display_name, v.operator, v.operator_country, v.serving_countries,
       v.region, v.region_confidence, v.price_feed, v.price_feed_reason,
       coalesce(n.offers, 0) AS offers, coalesce(n.live_offers, 0) AS live_offers,
       coalesce(n.adapters, 0) AS adapters, coalesce(n.priced_offers, 0) AS priced_offers,
       coalesce(n.rankable_offers, 0) AS rankable_offers, n.observed_at
FROM _ph_provider v
LEFT JOIN (
    SELECT inference_provider, count(*) FILTER (offer_type = 'model') AS offers,
           count(*) FILTER (status = 'live' AND offer_type = 'model') AS live_offers,
           count(*) FILTER (offer_type = 'adapter') AS adapters,
           count(*) FILTER (price_status = 'priced') AS priced_offers,
           count(*) FILTER (rankable) AS rankable_offers, max(observed_at) AS observed_at
    FROM _ph_cards GROUP BY inference_provider
) n USING (inference_provider);

CREATE VIEW feeds AS
WITH attempt AS (
    SELECT f.feed, f.outcome, f.finished_at, f.observed_at, f.error, r.sequence,
           r.outcome AS run_outcome
    FROM _ph_run_feed f JOIN _ph_run r USING (run_id) WHERE f.outcome <> 'skipped'
), success AS (
    SELECT feed, max(sequence) AS sequence, max_by(finished_at, sequence) AS finished_at
    FROM attempt WHERE observed_at IS NOT NULL OR outcome = 'not_modified' GROUP BY feed
)
SELECT f.feed, f.source, f.kind, f.url, f.terms_url, f.required, f.enabled,
       to_seconds(f.expected_every_s) AS expected_every,
       max(a.finished_at) AS last_attempt_at, any_value(s.finished_at) AS last_success_at,
       count(*) FILTER (a.sequence > coalesce(s.sequence, 0)
                        AND (a.outcome IN ('failed', 'partial') OR a.run_outcome = 'failed')
           ) AS failures_in_a_row,
       max_by(a.error, a.sequence) FILTER (a.error IS NOT NULL) AS last_error
FROM _ph_feed f
LEFT JOIN attempt a USING (feed)
LEFT JOIN success s USING (feed)
GROUP BY ALL;

CREATE VIEW sources AS SELECT * FROM feeds;

CREATE VIEW compliance_claims AS SELECT * FROM _ph_compliance_claim;

CREATE VIEW runs AS
SELECT run_id, flow, "trigger", origin, scheduled_at, started_at, finished_at, outcome,
       CASE WHEN published THEN run_id END AS publication_id, models, offers, adapters, priced,
       free, suspect, unpriced, rejected, changes, holds, code_version, prefect_run_id, error
FROM _ph_run;

CREATE VIEW run_feeds AS
SELECT run_id, feed, outcome, requests, retries, pages, bytes, records, accepted, rejected,
       waited_s, started_at, finished_at, error_code, error
FROM _ph_run_feed;

CREATE VIEW gaps AS SELECT feed, from_at, to_at, reason FROM _ph_gap;

CREATE VIEW checks AS SELECT * FROM _ph_check;

CREATE VIEW rejected_rows AS
SELECT run_id, feed, payload_hash, json_path, record_key, reasons, field, value_text, rejected_at
FROM _ph_rejected_row;

CREATE VIEW offer_links AS SELECT old_offer_id, new_offer_id, reason, "at" FROM _ph_offer_link;
