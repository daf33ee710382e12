-- After match_months.sql: the cards that a recommendation chooses among, each with the reasons why
-- it is left out. `bill` is the cost of the month where it is known, and is computed of all cards,
-- because a saving compares with routes that the filters may exclude.
, account AS (
    SELECT DISTINCT offer_id FROM prices
    WHERE scope <> 'public' AND tier = 'standard'
      AND unit NOT IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
), described AS (
    SELECT m.*, c.router_default, c.router_cheapest,
           NOT (m.fails_provider OR m.fails_task OR m.fails_offer_type OR m.fails_search_terms)
               AND ($models::VARCHAR[] IS NULL
                    OR list_contains($models::VARCHAR[], m.model_id)) AS in_scope,
           list_filter([
               CASE WHEN m.fails_inference_provider THEN 'inference_provider' END,
               CASE WHEN m.fails_region THEN 'region' END,
               CASE WHEN m.fails_tools THEN 'tools' END,
               CASE WHEN m.fails_structured_output THEN 'structured_output' END,
               CASE WHEN m.fails_min_context_length THEN 'min_context_length' END,
               CASE WHEN m.fails_min_throughput_tps THEN 'min_throughput_tps' END,
               CASE WHEN m.fails_max_first_token_latency_ms THEN 'max_first_token_latency_ms' END,
               CASE WHEN m.fails_max_cost_per_token THEN 'max_cost_per_million_tokens' END,
               CASE WHEN m.fails_max_cost_per_image THEN 'max_cost_per_image' END,
               CASE WHEN m.fails_max_cost_per_audio_minute THEN 'max_cost_per_audio_minute' END,
               CASE WHEN m.fails_max_cost_per_video_second THEN 'max_cost_per_video_second' END,
               CASE WHEN m.fails_status THEN 'status' END,
               CASE WHEN m.fails_priced_only THEN 'priced_only' END,
               CASE WHEN m.fails_rankable_only THEN 'rankable_only' END
           ], lambda r: r IS NOT NULL)
           || list_transform(list_filter(coalesce($tag::VARCHAR[], []),
                                         lambda t: NOT list_contains(m.compliance_tags, t)),
                             lambda t: 'tag:' || t) AS unmet,
           -- why `rankable` is false; a card with none of these reasons is rankable
           list_filter([
               CASE WHEN m.offer_type <> 'model' THEN 'adapter' END,
               CASE WHEN m.status IS DISTINCT FROM 'live' THEN 'not_live' END,
               CASE WHEN m.price_status <> 'priced' THEN 'price_' || m.price_status END,
               CASE WHEN c.held THEN 'held' END,
               CASE WHEN m.price_status IN ('priced', 'free') AND c.currency <> 'USD'
                    THEN 'currency' END,
               CASE WHEN c.price_reason = 'ambiguous_attachment' THEN 'ambiguous_attachment' END,
               CASE WHEN m.offer_id IN (SELECT offer_id FROM account) THEN 'account_price' END,
               CASE WHEN c.price_observed_at < p.observed_to - INTERVAL 24 HOUR
                    THEN 'price_not_confirmed' END,
               CASE WHEN m.price_status = 'priced' AND coalesce(
                        m.cost_per_input_token, m.cost_per_output_token, m.cost_per_image,
                        m.cost_per_audio_minute, m.cost_per_video_second,
                        m.cost_per_million_characters) IS NULL THEN 'no_comparable_cost' END
           ], lambda r: r IS NOT NULL) AS doubts,
           CASE WHEN m.price_status IN ('priced', 'free') THEN list_filter([
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
           ], lambda r: r IS NOT NULL) END AS unpriced,
           CASE WHEN len(unpriced) = 0 THEN TRY(
               CASE WHEN $input_tokens::BIGINT + $output_tokens::BIGINT > 0 THEN m.tokens_cost
                    ELSE 0 END
               + CASE WHEN $images::BIGINT > 0 THEN m.images_cost ELSE 0 END
               + CASE WHEN $audio_minutes::BIGINT > 0 THEN m.audio_minutes_cost ELSE 0 END
               + CASE WHEN $video_seconds::BIGINT > 0 THEN m.video_seconds_cost ELSE 0 END
               + CASE WHEN $characters::BIGINT > 0 THEN m.characters_cost ELSE 0 END
           ) END AS month_cost
    FROM months m JOIN cards c USING (offer_id) CROSS JOIN publication p
), billed AS (
    SELECT *, CASE WHEN is_known AND (rankable OR doubts = ['price_free']) THEN month_cost END
                  AS bill
    FROM described
), routes AS (
    SELECT source, model_id, task,
           list(leads ORDER BY inference_provider, offer_id) FILTER (router_default)
               AS default_routes,
           list(leads ORDER BY inference_provider, offer_id) FILTER (router_cheapest)
               AS cheapest_routes
    FROM (SELECT *, {'offer_id': offer_id, 'route': model_id || ':' || inference_provider,
                     'cost_per_month': bill} AS leads FROM billed)
    WHERE router_default IS NOT NULL GROUP BY ALL
), contenders AS (
    SELECT *, unmet || CASE WHEN len(doubts) = 0 AND NOT rankable THEN ['not_rankable']
                            ELSE doubts END
              || coalesce(unpriced, [])
              || list_filter([
                     CASE WHEN month_cost IS NOT NULL AND NOT is_known
                          THEN 'cached_price_not_known' END,
                     CASE WHEN month_cost IS NULL AND len(unpriced) = 0
                          THEN 'cost_out_of_range' END,
                     CASE WHEN bill > $max_cost_per_month::DECIMAL(38,18)
                          THEN 'max_cost_per_month' END
                 ], lambda r: r IS NOT NULL) AS reasons
    FROM billed WHERE in_scope
)
