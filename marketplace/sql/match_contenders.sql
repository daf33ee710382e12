-- After match_months.sql: the cards that a recommendation compares, each with the reasons why it is
-- left out, as words. `bill` is the cost of the month where it is known; it is computed of the cards
-- that the router lists too, because a saving compares with routes that the filters may exclude.
-- Reasons are a text until the end: lists of a million cards would take most of the time.
, account AS (
    SELECT DISTINCT offer_id FROM prices
    WHERE scope <> 'public' AND tier = 'standard'
      AND unit NOT IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
), described AS (
    SELECT m.*,
           NOT (m.fails_provider OR m.fails_task OR m.fails_offer_type OR m.fails_search_terms)
               AND ($models::VARCHAR[] IS NULL
                    OR list_contains($models::VARCHAR[], m.model_id)) AS in_scope,
           -- why `rankable` is false; a card with none of these reasons is rankable
           concat_ws(
               ' ',
               CASE WHEN m.offer_type <> 'model' THEN 'adapter' END,
               CASE WHEN m.status IS DISTINCT FROM 'live' THEN 'not_live' END,
               CASE WHEN m.price_status <> 'priced' THEN 'price_' || m.price_status END,
               CASE WHEN m.held THEN 'held' END,
               CASE WHEN m.price_status IN ('priced', 'free') AND m.currency <> 'USD'
                    THEN 'currency' END,
               CASE WHEN m.price_reason = 'ambiguous_attachment' THEN 'ambiguous_attachment' END,
               CASE WHEN m.offer_id IN (SELECT offer_id FROM account) THEN 'account_price' END,
               CASE WHEN m.price_observed_at < p.observed_to - INTERVAL 24 HOUR
                    THEN 'price_not_confirmed' END,
               CASE WHEN m.price_status = 'priced' AND coalesce(
                        m.cost_per_input_token, m.cost_per_output_token, m.cost_per_image,
                        m.cost_per_audio_minute, m.cost_per_video_second,
                        m.cost_per_million_characters) IS NULL THEN 'no_comparable_cost' END
           ) AS doubts,
           CASE WHEN m.price_status IN ('priced', 'free') THEN concat_ws(
               ' ',
               CASE WHEN $input_tokens::BIGINT > 0 AND m.cost_per_input_token IS NULL
                    THEN 'no_price_of_input_tokens' END,
               CASE WHEN $output_tokens::BIGINT > 0 AND m.cost_per_output_token IS NULL
                    THEN 'no_price_of_output_tokens' END,
               CASE WHEN $images::BIGINT > 0 AND m.cost_per_image IS NULL
                    THEN 'no_price_of_images' END,
               CASE WHEN $audio_minutes::BIGINT > 0 AND m.cost_per_audio_minute IS NULL
                    THEN 'no_price_of_audio_minutes' END,
               CASE WHEN $video_seconds::BIGINT > 0 AND m.cost_per_video_second IS NULL
                    THEN 'no_price_of_video_seconds' END,
               CASE WHEN $characters::BIGINT > 0 AND m.cost_per_million_characters IS NULL
                    THEN 'no_price_of_characters' END
           ) END AS unpriced,
           CASE WHEN unpriced = '' THEN TRY(
               CASE WHEN $input_tokens::BIGINT + $output_tokens::BIGINT > 0 THEN m.tokens_cost
                    ELSE 0 END
               + CASE WHEN $images::BIGINT > 0 THEN m.images_cost ELSE 0 END
               + CASE WHEN $audio_minutes::BIGINT > 0 THEN m.audio_minutes_cost ELSE 0 END
               + CASE WHEN $video_seconds::BIGINT > 0 THEN m.video_seconds_cost ELSE 0 END
               + CASE WHEN $characters::BIGINT > 0 THEN m.characters_cost ELSE 0 END
           ) END AS month_cost
    FROM months m CROSS JOIN publication p
), billed AS (
    SELECT *, CASE WHEN is_known AND (rankable OR doubts = 'price_free') THEN month_cost END
                  AS bill
    FROM described WHERE in_scope OR router_default IS NOT NULL
), contenders AS MATERIALIZED (
    SELECT offer_id, source, model_id, inference_provider, task, throughput_tps,
           first_token_latency_ms, month_cost, bill,
           concat_ws(
               ' ',
               CASE WHEN fails_inference_provider THEN 'inference_provider' END,
               CASE WHEN fails_region THEN 'region' END,
               CASE WHEN fails_tag THEN list_aggregate(list_transform(
                        list_filter($tag::VARCHAR[],
                                    lambda t: NOT list_contains(compliance_tags, t)),
                        lambda t: 'tag:' || t), 'string_agg', ' ') END,
               CASE WHEN fails_tools THEN 'tools' END,
               CASE WHEN fails_structured_output THEN 'structured_output' END,
               CASE WHEN fails_min_context_length THEN 'min_context_length' END,
               CASE WHEN fails_min_throughput_tps THEN 'min_throughput_tps' END,
               CASE WHEN fails_max_first_token_latency_ms THEN 'max_first_token_latency_ms' END,
               CASE WHEN fails_max_cost_per_token THEN 'max_cost_per_million_tokens' END,
               CASE WHEN fails_max_cost_per_image THEN 'max_cost_per_image' END,
               CASE WHEN fails_max_cost_per_audio_minute THEN 'max_cost_per_audio_minute' END,
               CASE WHEN fails_max_cost_per_video_second THEN 'max_cost_per_video_second' END,
               CASE WHEN fails_status THEN 'status' END,
               CASE WHEN fails_priced_only THEN 'priced_only' END,
               CASE WHEN fails_rankable_only THEN 'rankable_only' END,
               CASE WHEN doubts <> '' THEN doubts WHEN NOT rankable THEN 'not_rankable' END,
               nullif(unpriced, ''),
               CASE WHEN month_cost IS NOT NULL AND NOT is_known
                    THEN 'cached_price_not_known' END,
               CASE WHEN month_cost IS NULL AND unpriced = '' THEN 'cost_out_of_range' END,
               CASE WHEN bill > $max_cost_per_month::DECIMAL(38,18) THEN 'max_cost_per_month' END
           ) AS reasons
    FROM billed WHERE in_scope
)
