-- A card's cost_per_* and estimated_* columns are computed here, from the chosen prices in
-- _ph_price and the estimates. All else that a run decides about a card is a row of _ph_card, which
-- transforms/reconcile/cards.py makes. A publication stores these rows as a table of this name.
CREATE OR REPLACE VIEW _ph_cards AS
WITH cost AS (
    SELECT p.offer_id,
           max(p.amount) FILTER (p.unit = 'input_token') AS input_token,
           max(p.amount) FILTER (p.unit = 'output_token') AS output_token,
           -- one that is held by itself would be an old price on a card that does not say so
           max(p.amount) FILTER (p.unit = 'cached_input_token' AND s.hold_reason IS NULL)
               AS cached_input_token,
           max(p.currency) FILTER (p.unit = 'cached_input_token') AS cached_currency,
           max(p.amount) FILTER (p.unit = 'image') AS image,
           -- a sixtieth is no exact decimal: rounding restores what was stated per minute
           max(CASE WHEN p.native_unit IN ('minute', 'minute_of_audio')
                    THEN round(p.amount * 60, 15) ELSE p.amount * 60 END)
               FILTER (p.unit = 'second_of_audio' AND p.amount < 1000000) AS audio_minute,
           max(CASE WHEN p.native_unit IN ('minute', 'minute_of_video')
                    THEN round(p.amount, 15) ELSE p.amount END)
               FILTER (p.unit = 'second_of_video') AS video_second,
           max(p.amount * 1000000)
               FILTER (p.unit = 'character' AND p.amount < 1000000) AS million_characters,
           min(p.currency) FILTER (NOT additional) AS currency,
           bool_and(p.scope = 'public') FILTER (NOT additional) AS is_public,
           -- as old as the oldest price that an offer is compared by
           min(s.seen_at) FILTER (NOT additional) AS seen_at
    FROM (SELECT *, unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
                    AS additional FROM _ph_price) p
    LEFT JOIN _ph_price_seen s USING (offer_id, unit, tier)
    WHERE p.tier = 'standard' GROUP BY p.offer_id
), kpi AS (
    SELECT k.*, coalesce(input_token, output_token, image, audio_minute, video_second,
                         million_characters) IS NOT NULL AS comparable
    FROM cost k
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
    -- beside a price in another currency it would be a sum of two
    CASE WHEN k.cached_currency = k.currency AND k.input_token IS NOT NULL
         THEN k.cached_input_token END
        AS cost_per_cached_input_token,
    CASE WHEN k.output_token IS NOT NULL
         THEN ((3 * k.input_token + k.output_token) * 0.25)::DECIMAL(38,18)
         WHEN o.task_group <> 'text' THEN k.input_token
    END AS cost_per_token,
    k.image::DECIMAL(38,18) AS cost_per_image,
    k.audio_minute::DECIMAL(38,18) AS cost_per_audio_minute,
    k.video_second::DECIMAL(38,18) AS cost_per_video_second,
    k.million_characters::DECIMAL(38,18) AS cost_per_million_characters,
    CASE WHEN NOT coalesce(k.comparable, false) AND e.currency = coalesce(k.currency, e.currency)
         THEN e.amount END AS estimated_cost,
    CASE WHEN NOT coalesce(k.comparable, false) AND e.currency = coalesce(k.currency, e.currency)
         THEN e.unit END AS estimated_unit,
    coalesce(k.currency, e.currency) AS currency,
    c.price_status, c.price_basis, c.price_reason, c.price_feed,
    route.router_default, route.router_cheapest,
    coalesce(c.status = 'live' AND c.price_status = 'priced' AND k.currency = 'USD'
             AND k.comparable AND k.is_public AND NOT c.held AND o.offer_type = 'model'
             AND c.price_reason IS DISTINCT FROM 'ambiguous_attachment'
             AND k.seen_at >= w.observed_to - INTERVAL 24 HOUR, false) AS rankable,
    c.held, c.hold_reason, c.held_since, o.first_seen_at,
    seen.seen_at AS observed_at, k.seen_at AS price_observed_at, c.price_changed_at,
    (SELECT origin FROM _ph_run ORDER BY sequence DESC LIMIT 1) AS origin
FROM _ph_card c
JOIN _ph_offer o USING (offer_id)
LEFT JOIN _ph_provider v USING (inference_provider)
LEFT JOIN _ph_route route ON route.offer_id = c.offer_id
LEFT JOIN kpi k ON k.offer_id = c.offer_id
LEFT JOIN _ph_estimate e ON e.offer_id = c.offer_id  -- on nothing else: that would be a nested loop
LEFT JOIN _ph_present seen ON seen.offer_id = c.offer_id
LEFT JOIN _ph_seen speed ON speed.offer_id = c.offer_id AND speed.feed = c.speed_feed
CROSS JOIN _ph_window w;
