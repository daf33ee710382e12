-- What a month of a mix costs at each contender, and why one is left out: the rules of /v1/recommend
-- (marketplace/sql/match_contenders.sql has them too, for publications without this macro). Without
-- any quantity the mix is 1,000,000 tokens at 3:1. What is not known of cached tokens leaves an
-- offer out. A saving is NULL where the route has no one known cost.
CREATE OR REPLACE MACRO recommend(
    task := NULL, models := NULL, inference_providers := NULL, region := NULL, lenient := false,
    no_training := false, no_retention := false, tags := NULL, tools := NULL,
    structured_output := NULL, min_context_length := NULL, min_throughput_tps := NULL,
    max_first_token_latency_ms := NULL, max_cost_per_million_tokens := NULL,
    max_cost_per_image := NULL, max_cost_per_audio_minute := NULL,
    max_cost_per_video_second := NULL, max_cost_per_month := NULL, input_tokens := 0,
    output_tokens := 0, cached_share := 0, images := 0, audio_minutes := 0, video_seconds := 0,
    characters := 0
) AS TABLE
WITH given AS (
    SELECT greatest(input_tokens, output_tokens, images, audio_minutes, video_seconds, characters)
               > 0 AS is_given,
           CASE WHEN is_given THEN input_tokens ELSE 750000 END::HUGEINT AS n_in,
           CASE WHEN is_given THEN output_tokens ELSE 250000 END::BIGINT AS n_out,
           images::BIGINT AS n_images, audio_minutes::BIGINT AS n_minutes,
           video_seconds::BIGINT AS n_seconds, characters::BIGINT AS n_characters,
           (cached_share::DECIMAL(5,4) * 10000)::HUGEINT * n_in AS shares,
           list_distinct(coalesce(tags::VARCHAR[], [])
                         || CASE WHEN no_training THEN ['no-training'] ELSE [] END
                         || CASE WHEN no_retention THEN ['no-retention'] ELSE [] END
                        ) AS required_tags
), mix AS (
    -- half even, as the quantity is rounded everywhere else
    SELECT g.* EXCLUDE (n_in, shares),
           (g.shares // 10000 + CASE WHEN g.shares % 10000 > 5000
                                       OR (g.shares % 10000 = 5000 AND g.shares // 10000 % 2 = 1)
                                     THEN 1 ELSE 0 END)::BIGINT AS n_cached,
           (g.n_in - n_cached)::BIGINT AS n_rest
    FROM given g
), stated AS (
    SELECT p.offer_id,
           bool_or(p.unit = 'cached_input_token' AND p.reason = 'not_offered') AS declines_cached,
           bool_or(p.scope <> 'public' AND p.unit NOT IN (
               'cached_input_token', 'cache_write_token', 'reasoning_token')) AS of_account
    FROM _ph_price p WHERE p.tier = 'standard' GROUP BY p.offer_id
), months AS (
    SELECT c.*, m.n_cached = 0 OR c.cost_per_cached_input_token IS NOT NULL
                    OR coalesce(s.declines_cached, false) AS is_known,
           coalesce(s.of_account, false) AS of_account,
           CASE WHEN c.price_status IN ('priced', 'free') THEN concat_ws(
               ' ',
               CASE WHEN m.n_rest + m.n_cached > 0 AND c.cost_per_input_token IS NULL
                    THEN 'no_price_of_input_tokens' END,
               CASE WHEN m.n_out > 0 AND c.cost_per_output_token IS NULL
                    THEN 'no_price_of_output_tokens' END,
               CASE WHEN m.n_images > 0 AND c.cost_per_image IS NULL THEN 'no_price_of_images' END,
               CASE WHEN m.n_minutes > 0 AND c.cost_per_audio_minute IS NULL
                    THEN 'no_price_of_audio_minutes' END,
               CASE WHEN m.n_seconds > 0 AND c.cost_per_video_second IS NULL
                    THEN 'no_price_of_video_seconds' END,
               CASE WHEN m.n_characters > 0 AND c.cost_per_million_characters IS NULL
                    THEN 'no_price_of_characters' END
           ) END AS unpriced,
           CASE WHEN unpriced = '' THEN TRY((
               coalesce(c.cost_per_input_token * m.n_rest, 0)
               + coalesce(coalesce(c.cost_per_cached_input_token, c.cost_per_input_token)
                          * m.n_cached, 0)
               + coalesce(c.cost_per_output_token * m.n_out, 0)
               + coalesce(c.cost_per_image * m.n_images, 0)
               + coalesce(c.cost_per_audio_minute * m.n_minutes, 0)
               + coalesce(c.cost_per_video_second * m.n_seconds, 0)
               + coalesce((c.cost_per_million_characters * m.n_characters * 0.000001)
                          ::DECIMAL(38,18), 0))::DECIMAL(38,18)) END AS month_cost
    FROM _ph_cards c LEFT JOIN stated s ON s.offer_id = c.offer_id CROSS JOIN mix m
), doubted AS (
    SELECT n.*, concat_ws(
               ' ',
               CASE WHEN n.offer_type <> 'model' THEN 'adapter' END,
               CASE WHEN n.status IS DISTINCT FROM 'live' THEN 'not_live' END,
               CASE WHEN n.price_status <> 'priced' THEN 'price_' || n.price_status END,
               CASE WHEN n.held THEN 'held' END,
               CASE WHEN n.price_status IN ('priced', 'free') AND n.currency <> 'USD'
                    THEN 'currency' END,
               CASE WHEN n.price_reason = 'ambiguous_attachment' THEN 'ambiguous_attachment' END,
               CASE WHEN n.of_account THEN 'account_price' END,
               CASE WHEN n.price_observed_at < w.observed_to - INTERVAL 24 HOUR
                    THEN 'price_not_confirmed' END,
               CASE WHEN n.price_status = 'priced' AND coalesce(
                        n.cost_per_input_token, n.cost_per_output_token, n.cost_per_image,
                        n.cost_per_audio_minute, n.cost_per_video_second,
                        n.cost_per_million_characters) IS NULL THEN 'no_comparable_cost' END
           ) AS doubts
    FROM months n CROSS JOIN _ph_window w
), billed AS (
    SELECT d.*, CASE WHEN d.is_known AND (d.rankable OR d.doubts = 'price_free')
                     THEN d.month_cost END AS bill
    FROM doubted d
), routes AS (
    SELECT b.source, b.model_id, b.task,
           CASE WHEN count(*) FILTER (b.router_default)
                     = count(b.bill) FILTER (b.router_default)
                     AND min(b.bill) FILTER (b.router_default)
                         = max(b.bill) FILTER (b.router_default)
                THEN min(b.bill) FILTER (b.router_default) END AS default_cost,
           CASE WHEN count(*) FILTER (b.router_cheapest)
                     = count(b.bill) FILTER (b.router_cheapest)
                     AND min(b.bill) FILTER (b.router_cheapest)
                         = max(b.bill) FILTER (b.router_cheapest)
                THEN min(b.bill) FILTER (b.router_cheapest) END AS cheapest_cost
    FROM billed b GROUP BY ALL
), evaluated AS (
    SELECT b.*, concat_ws(
               ' ',
               CASE WHEN NOT list_contains(inference_providers::VARCHAR[], b.inference_provider)
                    THEN 'inference_provider' END,
               CASE WHEN b.region <> region AND NOT (region = 'eea' AND b.region = 'eu')
                         AND NOT (lenient AND b.region IN ('multi', 'unverified'))
                    THEN 'region' END,
               CASE WHEN b.supports_tools IS DISTINCT FROM coalesce(tools, b.supports_tools)
                    THEN 'tools' END,
               CASE WHEN b.supports_structured_output IS DISTINCT FROM
                         coalesce(structured_output, b.supports_structured_output)
                    THEN 'structured_output' END,
               CASE WHEN min_context_length IS NOT NULL
                         AND coalesce(b.context_length < min_context_length, true)
                    THEN 'min_context_length' END,
               CASE WHEN min_throughput_tps IS NOT NULL
                         AND coalesce(b.throughput_tps < min_throughput_tps, true)
                    THEN 'min_throughput_tps' END,
               CASE WHEN max_first_token_latency_ms IS NOT NULL
                         AND coalesce(b.first_token_latency_ms > max_first_token_latency_ms, true)
                    THEN 'max_first_token_latency_ms' END,
               CASE WHEN max_cost_per_million_tokens IS NOT NULL AND coalesce(b.cost_per_token
                         > (max_cost_per_million_tokens * 0.000001)::DECIMAL(38,18), true)
                    THEN 'max_cost_per_million_tokens' END,
               CASE WHEN max_cost_per_image IS NOT NULL
                         AND coalesce(b.cost_per_image > max_cost_per_image, true)
                    THEN 'max_cost_per_image' END,
               CASE WHEN max_cost_per_audio_minute IS NOT NULL
                         AND coalesce(b.cost_per_audio_minute > max_cost_per_audio_minute, true)
                    THEN 'max_cost_per_audio_minute' END,
               CASE WHEN max_cost_per_video_second IS NOT NULL
                         AND coalesce(b.cost_per_video_second > max_cost_per_video_second, true)
                    THEN 'max_cost_per_video_second' END,
               CASE WHEN NOT list_has_all(b.compliance_tags, m.required_tags)
                    THEN list_aggregate(list_transform(
                        list_filter(m.required_tags,
                                    lambda t: NOT list_contains(b.compliance_tags, t)),
                        lambda t: 'tag:' || t), 'string_agg', ' ') END,
               CASE WHEN b.doubts <> '' THEN b.doubts
                    WHEN NOT b.rankable THEN 'not_rankable' END,
               nullif(b.unpriced, ''),
               CASE WHEN b.month_cost IS NOT NULL AND NOT b.is_known
                    THEN 'cached_price_not_known' END,
               CASE WHEN b.month_cost IS NULL AND b.unpriced = '' THEN 'cost_out_of_range' END,
               CASE WHEN b.bill > max_cost_per_month THEN 'max_cost_per_month' END
           ) AS reasons
    FROM billed b CROSS JOIN mix m
    WHERE b.offer_type = 'model' AND (task IS NULL OR b.task = task OR b.task_group = task)
      AND (models IS NULL OR list_contains(
               list_transform(models::VARCHAR[], lambda m: lower(m)), lower(b.model_id)))
)
SELECT CASE WHEN e.reasons = '' THEN row_number() OVER (
           PARTITION BY e.reasons = ''
           ORDER BY e.bill, e.throughput_tps DESC NULLS LAST,
                    e.first_token_latency_ms NULLS LAST, e.model_id, e.inference_provider,
                    e.offer_id) END AS rank,
       e.model_id || ':' || e.inference_provider AS route, e.bill AS cost_per_month, e.currency,
       r.default_cost AS default_cost_per_month,
       (r.default_cost - e.bill)::DECIMAL(38,18) AS saving_on_default,
       r.cheapest_cost AS cheapest_cost_per_month,
       (r.cheapest_cost - e.bill)::DECIMAL(38,18) AS saving_on_cheapest,
       CASE WHEN e.reasons = '' THEN [] ELSE string_split(e.reasons, ' ') END AS left_out,
       e.model_id, e.inference_provider, e.task, e.region, e.context_length,
       e.throughput_tps, e.first_token_latency_ms, e.offer_id
FROM evaluated e
LEFT JOIN routes r ON r.source = e.source AND r.model_id = e.model_id AND r.task = e.task
ORDER BY len(left_out), rank, e.month_cost, e.model_id, e.inference_provider, e.offer_id;

COMMENT ON MACRO TABLE recommend IS
    'Routes for a month of a mix: ranked by its cost in `currency`, or left out with every reason; savings on the model''s default and :cheapest routes, NULL where those have no one known cost.';
