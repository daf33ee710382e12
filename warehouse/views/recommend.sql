-- What a month of a mix costs at each contender, and why one is left out: the rules of /v1/recommend
-- (marketplace/sql/match_contenders.sql has them too, for publications without this macro). Without
-- any quantity the mix is 1,000,000 tokens at 3:1. What is not known of cached tokens leaves an
-- offer out. A saving is NULL where the route has no one known cost. A parameter that has no meaning
-- is an error: no rows, or all offers left out, would look like an answer.
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
WITH unknown AS (
    -- one row for each parameter that cannot be used
    SELECT '“' || task || '” is no task; valid: text, image, audio, video, embedding, other, or an '
           || 'exact task, like conversational' AS problem
    WHERE task NOT IN ('text', 'image', 'audio', 'video', 'embedding', 'other')
      AND task NOT IN (SELECT o.task FROM internal._ph_offer o)
    UNION ALL
    SELECT '“' || coalesce(u.name, 'NULL') || '” is no model; valid: the model_id of cards'
    FROM (SELECT unnest(models::VARCHAR[]) AS name) u
    WHERE NOT EXISTS (FROM internal._ph_offer o WHERE lower(o.model_id) = lower(u.name))
    UNION ALL
    SELECT '“' || coalesce(u.name, 'NULL') || '” is no inference provider; valid: '
           || (SELECT string_agg(v.inference_provider, ', ' ORDER BY v.inference_provider)
               FROM internal._ph_provider v)
    FROM (SELECT unnest(inference_providers::VARCHAR[]) AS name) u
    WHERE NOT EXISTS (FROM internal._ph_provider v WHERE v.inference_provider = lower(u.name))
    UNION ALL
    SELECT '“' || coalesce(u.name, 'NULL') || '” is no tag; valid: no-retention, no-training, '
           || 'dpa-available, eu-hosted, eu-operator'
    FROM (SELECT unnest(tags::VARCHAR[]) AS name) u
    WHERE coalesce(lower(u.name) NOT IN ('no-retention', 'no-training', 'dpa-available',
                                         'eu-hosted', 'eu-operator'), true)
    UNION ALL
    SELECT '“' || region || '” is no region; valid: eu, eea, us, multi, unverified, or a '
           || 'country''s two letters (ISO 3166), like DE'
    WHERE region IS NOT NULL
      AND NOT EXISTS (FROM internal._ph_region r WHERE r.code = lower(region))
    UNION ALL
    SELECT u.flag.name || ' is NULL; it must be true or false'
    FROM (SELECT unnest([{'name': 'lenient', 'is_set': lenient::BOOLEAN},
                         {'name': 'no_training', 'is_set': no_training::BOOLEAN},
                         {'name': 'no_retention', 'is_set': no_retention::BOOLEAN}]) AS flag) u
    WHERE u.flag.is_set IS NULL
    UNION ALL
    SELECT u.part.name || ' is ' || coalesce(u.part.quantity::VARCHAR, 'NULL')
           || '; it must be a whole number from 0 to 10^15'
    FROM (SELECT unnest([{'name': 'input_tokens', 'quantity': input_tokens::DOUBLE},
                         {'name': 'output_tokens', 'quantity': output_tokens::DOUBLE},
                         {'name': 'images', 'quantity': images::DOUBLE},
                         {'name': 'audio_minutes', 'quantity': audio_minutes::DOUBLE},
                         {'name': 'video_seconds', 'quantity': video_seconds::DOUBLE},
                         {'name': 'characters', 'quantity': characters::DOUBLE}]) AS part) u
    WHERE coalesce(u.part.quantity NOT BETWEEN 0 AND 1e15
                   OR u.part.quantity <> floor(u.part.quantity), true)
    UNION ALL
    SELECT 'cached_share is ' || coalesce(cached_share::VARCHAR, 'NULL')
           || '; it must be from 0 to 1'
    WHERE coalesce(cached_share NOT BETWEEN 0 AND 1, true)
    UNION ALL
    SELECT u.bound.name || ' is ' || u.bound.most || '; it must be a number from 0'
    FROM (SELECT unnest([
              {'name': 'min_context_length', 'most': min_context_length::DOUBLE},
              {'name': 'min_throughput_tps', 'most': min_throughput_tps::DOUBLE},
              {'name': 'max_first_token_latency_ms', 'most': max_first_token_latency_ms::DOUBLE},
              {'name': 'max_cost_per_million_tokens', 'most': max_cost_per_million_tokens::DOUBLE},
              {'name': 'max_cost_per_image', 'most': max_cost_per_image::DOUBLE},
              {'name': 'max_cost_per_audio_minute', 'most': max_cost_per_audio_minute::DOUBLE},
              {'name': 'max_cost_per_video_second', 'most': max_cost_per_video_second::DOUBLE},
              {'name': 'max_cost_per_month', 'most': max_cost_per_month::DOUBLE}]) AS bound) u
    WHERE u.bound.most < 0 OR isnan(u.bound.most)
), refused AS (
    -- a condition of the one row that all others come from: it is evaluated in any case
    SELECT string_agg(u.problem, '; ' ORDER BY u.problem) AS problems FROM unknown u
    HAVING CASE WHEN problems IS NULL THEN true ELSE error(problems) END
), given AS (
    SELECT greatest(input_tokens, output_tokens, images, audio_minutes, video_seconds, characters)
               > 0 AS is_given,
           CASE WHEN is_given THEN input_tokens ELSE 750000 END::HUGEINT AS n_in,
           CASE WHEN is_given THEN output_tokens ELSE 250000 END::BIGINT AS n_out,
           images::BIGINT AS n_images, audio_minutes::BIGINT AS n_minutes,
           video_seconds::BIGINT AS n_seconds, characters::BIGINT AS n_characters,
           (cached_share::DECIMAL(5,4) * 10000)::HUGEINT * n_in AS shares,
           list_distinct(coalesce(list_transform(tags::VARCHAR[], lambda t: lower(t)), [])
                         || CASE WHEN no_training THEN ['no-training'] ELSE [] END
                         || CASE WHEN no_retention THEN ['no-retention'] ELSE [] END
                        ) AS required_tags,
           CASE WHEN lower(region) IN ('eu', 'eea', 'us', 'multi', 'unverified') THEN lower(region)
                ELSE upper(region) END AS place,
           -- those that provably serve from that country alone, whose region may be wider
           coalesce((SELECT list(v.inference_provider) FROM internal._ph_provider v
                     WHERE v.serving_countries = [upper(region)]), []) AS local_providers
    FROM refused
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
    FROM internal._ph_price p WHERE p.tier = 'standard' GROUP BY p.offer_id
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
    FROM internal._ph_cards c LEFT JOIN stated s ON s.offer_id = c.offer_id CROSS JOIN mix m
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
    FROM months n CROSS JOIN internal._ph_window w
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
               CASE WHEN NOT list_contains(list_transform(inference_providers::VARCHAR[],
                                                      lambda p: lower(p)), b.inference_provider)
                    THEN 'inference_provider' END,
               CASE WHEN b.region <> m.place AND NOT (m.place = 'eea' AND b.region = 'eu')
                         AND NOT (lenient AND b.region IN ('multi', 'unverified'))
                         AND NOT list_contains(m.local_providers, b.inference_provider)
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
