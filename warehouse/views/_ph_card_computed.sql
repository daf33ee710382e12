-- What a card is until one of its own rows changes, with its cost_per_* and estimated_* columns from
-- the chosen prices in _ph_price and the estimates. All else that a run decides about a card is a
-- row of _ph_card, which transforms/reconcile/cards.py makes.
-- What a later hour changes by itself is not here, but what it follows from: of a time that is that
-- of a feed's last whole answer the feeds, one bit each, else the time. A set of feeds is a number as
-- text: DuckDB reads one column of 128-bit numbers forty times as slowly as the text of few values.
-- warehouse/writer/stored_cards.py stores these rows in _ph_card_facts.
CREATE OR REPLACE VIEW internal._ph_card_computed AS
WITH listing AS (
    SELECT l.offer_id, l.feed, l.last_seen_at AS fixed_at,
           CASE WHEN l.last_seen_at IS NULL THEN b.feed_bit END AS feed_bit
    FROM internal._ph_listing l LEFT JOIN internal._ph_feed_bit b USING (feed)
), present AS (
    SELECT s.offer_id, max(s.fixed_at) AS fixed_at, bit_or(s.feed_bit) AS feeds
    FROM listing s LEFT JOIN internal._ph_feed f USING (feed)
    WHERE NOT coalesce(f.priced_only, false) GROUP BY s.offer_id
), price_seen AS ( -- _ph_price_seen, without the times of the hour
    SELECT p.offer_id, p.unit, p.tier, h.hold_reason,
           coalesce(c.price_seen_at, h.seen_at, s.fixed_at) AS fixed_at,
           CASE WHEN c.price_seen_at IS NULL AND h.seen_at IS NULL THEN s.feed_bit END AS feed_bit
    FROM internal._ph_price p
    LEFT JOIN internal._ph_price_hold h USING (offer_id, unit, tier)
    LEFT JOIN internal._ph_card c USING (offer_id)
    LEFT JOIN listing s USING (offer_id, feed)
), cost AS (
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
           min(s.fixed_at) FILTER (NOT additional) AS fixed_at,
           bit_or(s.feed_bit) FILTER (NOT additional) AS feeds
    FROM (SELECT *, unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
                    AS additional FROM internal._ph_price) p
    LEFT JOIN price_seen s USING (offer_id, unit, tier)
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
    speed.fixed_at AS speed_fixed_at, speed.feed_bit::VARCHAR AS speed_feeds, c.speed_changed_at,
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
             AND c.price_reason IS DISTINCT FROM 'ambiguous_attachment', false) AS can_rank,
    c.held, c.hold_reason, c.held_since, o.first_seen_at,
    present.fixed_at AS observed_fixed_at, present.feeds::VARCHAR AS observed_feeds,
    k.fixed_at AS price_fixed_at, k.feeds::VARCHAR AS price_feeds, c.price_changed_at
FROM internal._ph_card c
JOIN internal._ph_offer o USING (offer_id)
LEFT JOIN internal._ph_provider v USING (inference_provider)
LEFT JOIN internal._ph_route route ON route.offer_id = c.offer_id
LEFT JOIN kpi k ON k.offer_id = c.offer_id
-- on nothing else: that would be a nested loop
LEFT JOIN internal._ph_estimate e ON e.offer_id = c.offer_id
LEFT JOIN present ON present.offer_id = c.offer_id
LEFT JOIN listing speed ON speed.offer_id = c.offer_id AND speed.feed = c.speed_feed;
