-- What each row of the reader's table `usage` cost when it was used, as far as was recorded by
-- `known_at`. All that depends on the history is computed once for each route that the table names
-- and each stretch of time in which nothing changes; a row only finds its stretch.
CREATE OR REPLACE MACRO cost(usage, known_at := NULL, default_route := false) AS TABLE
WITH RECURSIVE given AS (
    -- a column that the table lacks is NULL, and one that has the name of a result is replaced
    SELECT NULL AS model, NULL AS provider, NULL AS task, NULL AS tier, NULL AS "timestamp",
           NULL AS input_tokens, NULL AS cached_input_tokens, NULL AS cache_write_tokens,
           NULL AS output_tokens, NULL AS reasoning_tokens, NULL AS images, NULL AS megapixels,
           NULL AS pixels, NULL AS steps, NULL AS compute_seconds, NULL AS audio_seconds,
           NULL AS video_seconds, NULL AS characters, NULL AS runs, NULL AS requests,
           NULL AS cost, NULL AS currency, NULL AS why, NULL AS last_known_cost, NULL AS flags,
           NULL AS inference_provider, NULL AS offer_id, NULL AS valid_from, NULL AS valid_to,
           NULL AS publication, NULL AS prices
    WHERE false
    UNION ALL BY NAME FROM query_table(usage)
), other_name AS MATERIALIZED (
    -- a column under a name that only files may use would be ignored, and make a row too cheap
    SELECT list_filter(
               [['model', 'model_id'], ['model', 'router_model'], ['provider', 'inference_provider'],
                ['timestamp', 'used_at'], ['input_tokens', 'prompt_tokens'],
                ['output_tokens', 'completion_tokens'], ['cached_input_tokens', 'cached_tokens']],
               lambda pair: list_contains(n.names, pair[2]) AND NOT list_contains(n.names, pair[1])
           )[1] AS found
    FROM (SELECT list_transform(struct_keys(_usage_row), lambda name: lower(name)) AS names
          FROM query_table(usage) _usage_row LIMIT 1) n
), context AS MATERIALIZED (
    -- the sizes of prompts above which some offer has other prices
    SELECT list_sort(list(DISTINCT regexp_extract(l.tier, '^context>([0-9]+)$', 1)::BIGINT)) AS sizes
    FROM internal._ph_price_log l WHERE regexp_matches(l.tier, '^context>[0-9]+$')
), counted AS (
    SELECT g.* EXCLUDE (cost, currency, why, last_known_cost, flags, inference_provider, offer_id,
                        valid_from, valid_to, publication, prices),
           -- a time without an offset is no moment: it would depend on the session
           CASE typeof(g."timestamp")
               WHEN 'TIMESTAMP WITH TIME ZONE' THEN g."timestamp"::TIMESTAMPTZ
               WHEN 'VARCHAR' THEN
                   CASE WHEN regexp_matches(g."timestamp"::VARCHAR,
                                            '\d\d:\d\d.*([zZ]|[+-]\d\d(:?\d\d)?)\s*$')
                        THEN try_cast(g."timestamp"::VARCHAR AS TIMESTAMPTZ) END
           END AS _at,
           coalesce(g.model::VARCHAR, '') AS _model, coalesce(g.provider::VARCHAR, '') AS _provider,
           coalesce(g.task::VARCHAR, '') AS _task, coalesce(g.tier::VARCHAR, '') AS _tier,
           coalesce(g.cached_input_tokens, 0) + coalesce(g.cache_write_tokens, 0) AS _kept,
           CASE WHEN coalesce(g.input_tokens, 0) < _kept OR g.cached_input_tokens < 0
                     OR g.cache_write_tokens < 0 OR g.reasoning_tokens < 0
                     OR coalesce(g.output_tokens, 0) < coalesce(g.reasoning_tokens, 0)
                     OR g.images < 0 OR g.megapixels < 0 OR g.pixels < 0 OR g.steps < 0
                     OR g.compute_seconds < 0 OR g.audio_seconds < 0 OR g.video_seconds < 0
                     OR g.characters < 0 OR g.runs < 0 OR g.requests < 0 THEN -1
                ELSE coalesce(g.input_tokens > _kept, false)::INT
                     + 2 * coalesce(g.cached_input_tokens > 0, false)::INT
                     + 4 * coalesce(g.cache_write_tokens > 0, false)::INT
                     + 8 * coalesce(g.output_tokens > coalesce(g.reasoning_tokens, 0), false)::INT
                     + 16 * coalesce(g.reasoning_tokens > 0, false)::INT
                     + 32 * coalesce(g.images > 0, false)::INT
                     + 64 * coalesce(g.megapixels > 0, false)::INT
                     + 128 * coalesce(g.pixels > 0, false)::INT
                     + 256 * coalesce(g.steps > 0, false)::INT
                     + 512 * coalesce(g.compute_seconds > 0, false)::INT
                     + 1024 * coalesce(g.audio_seconds > 0, false)::INT
                     + 2048 * coalesce(g.video_seconds > 0, false)::INT
                     + 4096 * coalesce(g.characters > 0, false)::INT
                     + 8192 * coalesce(g.runs > 0, false)::INT
                     + 16384 * coalesce(g.requests > 0, false)::INT
                     -- above the bits of the units, how many sizes the prompt is above
                     + CASE WHEN x.sizes IS NULL THEN 0 ELSE 32768 * len(list_filter(
                           x.sizes, lambda size: size < g.input_tokens))::INT END
           END AS _units
    FROM given g, context x, other_name o
    WHERE CASE WHEN default_route IS NULL
               THEN error('default_route is NULL; it must be true or false')
               WHEN o.found IS NULL THEN true
               ELSE error('usage has the column ' || o.found[2] || '; name it ' || o.found[1]) END
), spelling AS (
    SELECT c._model, c._provider, c._task, c._tier, c._units, min(c._at) AS first_at,
           max(c._at) AS last_at
    FROM counted c GROUP BY ALL
), route AS MATERIALIZED (
    SELECT s.*, row_number() OVER () AS route_id,
           lower(trim(split_part(s._model, ':', 1))) AS model_key,
           contains(s._model, ':') AS is_routed,
           lower(trim(split_part(s._model, ':', 2))) AS suffix,
           lower(trim(s._provider)) AS stated_provider,
           -- a routing word names no provider, and only `fastest` means the default route
           CASE WHEN suffix IN ('fastest', 'cheapest', 'preferred', 'auto') THEN ''
                ELSE suffix END AS named_provider,
           CASE WHEN stated_provider IN ('', 'fastest', 'cheapest', 'preferred', 'auto')
                THEN named_provider ELSE stated_provider END AS provider_key,
           lower(trim(s._task)) AS task_key,
           coalesce(nullif(lower(trim(s._tier)), ''), 'standard') AS tier_key,
           CASE WHEN model_key = '' THEN 'no_model'
                WHEN named_provider NOT IN ('', provider_key) THEN 'two_providers'
                WHEN s._units < 0 THEN 'invalid_usage'
                WHEN s._units = 0 THEN 'no_usage'
                WHEN provider_key = '' AND (
                         NOT default_route
                         OR suffix NOT IN ('', 'fastest') OR stated_provider NOT IN ('', 'fastest'))
                THEN 'no_provider' END AS problem
    FROM spelling s WHERE s.first_at IS NOT NULL
), link AS (
    SELECT l.old_offer_id, l.new_offer_id, l."at",
           lag(l."at") OVER (PARTITION BY l.old_offer_id ORDER BY l."at") AS left_before
    FROM internal._ph_offer_link l LEFT JOIN internal._ph_run r ON r.run_id = l.run_id
    WHERE known_at IS NULL OR r.started_at <= known_at
), step AS (
    -- to the offer before a link until it, and to the offer after it while that has the name
    SELECT l.new_offer_id AS from_id, l.old_offer_id AS to_id, -1 AS direction, l."at",
           coalesce(l.left_before, '-infinity'::TIMESTAMPTZ) AS since, l."at" AS until
    FROM link l
    UNION ALL
    SELECT l.old_offer_id, l.new_offer_id, 1, l."at", l."at",
           coalesce(min(n."at"), 'infinity'::TIMESTAMPTZ)
    FROM link l
    LEFT JOIN link n ON n.old_offer_id = l.new_offer_id AND n."at" > l."at"
    GROUP BY ALL
), traced AS (
    SELECT n.model_key, o.offer_id, 0 AS direction, '-infinity'::TIMESTAMPTZ AS since,
           'infinity'::TIMESTAMPTZ AS until
    FROM (SELECT DISTINCT model_key FROM route WHERE problem IS NULL) n
    JOIN internal._ph_offer o ON lower(o.model_id) = n.model_key
    UNION
    SELECT t.model_key, s.to_id, s.direction, s.since, s.until
    FROM traced t JOIN step s ON s.from_id = t.offer_id
    WHERE t.direction IN (0, s.direction) AND s."at" BETWEEN t.since AND t.until
), named AS MATERIALIZED (
    SELECT t.model_key, t.since, t.until, t.direction, o.offer_id, o.inference_provider,
           lower(o.inference_provider) AS provider_key, lower(o.task) AS task, o.task_group,
           o.router_model IS NOT NULL AS has_route, o.offer_type, o.first_seen_at, o.gone_at
    FROM traced t JOIN internal._ph_offer o ON o.offer_id = t.offer_id
    WHERE known_at IS NULL OR o.first_seen_at <= known_at
), candidate AS MATERIALIZED (
    SELECT r.route_id, n.offer_id, n.since, n.until, n.inference_provider, n.first_seen_at,
           n.gone_at,
           -- a name at its own time comes before another name of the model, what the router serves
           -- before what it does not, a model before an adapter
           4 * (n.direction = 0)::INT + 2 * (r.is_routed AND n.has_route)::INT
           + (n.offer_type = 'model')::INT AS closeness
    FROM route r JOIN named n ON n.model_key = r.model_key AND n.provider_key = r.provider_key
    WHERE r.problem IS NULL AND (r.task_key IN ('', n.task, n.task_group))
    UNION ALL
    SELECT r.route_id, n.offer_id, n.since, n.until, n.inference_provider, n.first_seen_at,
           n.gone_at,
           4 * (n.direction = 0)::INT + (n.offer_type = 'model')::INT
    FROM route r JOIN named n ON n.model_key = r.model_key
    WHERE r.problem IS NULL AND r.provider_key = '' AND n.has_route
      AND (r.task_key IN ('', n.task, n.task_group))
), chosen_offer AS (
    SELECT DISTINCT offer_id FROM candidate
), latest AS (
    SELECT l.log_id, l.offer_id, l.unit, l.tier, l.valid_from, l.kind, l.feed
    FROM internal._ph_price_log l SEMI JOIN chosen_offer c ON c.offer_id = l.offer_id
    WHERE known_at IS NULL OR l.recorded_at <= known_at
    QUALIFY row_number() OVER (
        PARTITION BY l.offer_id, l.unit, l.tier, l.valid_from ORDER BY l.log_id DESC) = 1
), series AS MATERIALIZED (
    SELECT w.*, lead(w.valid_from) OVER (
               PARTITION BY w.offer_id, w.unit, w.tier ORDER BY w.valid_from) AS until_at
    FROM latest w WHERE w.kind <> 'void'
), gap AS (
    SELECT g.feed, g.from_at, max(g.to_at) AS to_at
    FROM internal._ph_gap g LEFT JOIN internal._ph_run r ON r.run_id = g.run_id
    WHERE known_at IS NULL OR r.started_at <= known_at GROUP BY g.feed, g.from_at
), confirmed AS (
    -- until one interval and a half after its last whole answer, a feed's silence is no gap
    SELECT f.feed, max(f.observed_at)
                   + to_milliseconds(1500 * coalesce(any_value(s.expected_every_s), 3600))
                   AS until_at
    FROM internal._ph_run_feed f
    LEFT JOIN internal._ph_run r ON r.run_id = f.run_id
    LEFT JOIN internal._ph_feed s ON s.feed = f.feed
    WHERE f.observed_at IS NOT NULL AND (known_at IS NULL OR r.started_at <= known_at)
    GROUP BY f.feed
), hold_event AS (
    -- a hold of an offer is about its main prices; one of another price has its unit and tier
    SELECT c.offer_id, c.occurred_at, c.change_id, c.event,
           CASE WHEN c.unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
                     OR c.tier <> 'standard' THEN c.unit ELSE '' END AS unit,
           CASE WHEN c.unit IN ('cached_input_token', 'cache_write_token', 'reasoning_token')
                     OR c.tier <> 'standard' THEN c.tier ELSE '' END AS tier
    FROM internal._ph_change c SEMI JOIN chosen_offer o ON o.offer_id = c.offer_id
    WHERE (c.event IN ('held', 'released')
           OR c.unit IS NULL AND c.event IN ('new', 'gone', 'back', 'relabelled'))
      AND (known_at IS NULL OR c.recorded_at <= known_at)
), hold AS (
    SELECT e.offer_id, e.unit, e.tier, e.occurred_at AS from_at, e.event = 'held' AS is_held
    FROM hold_event e
    QUALIFY row_number() OVER (
        PARTITION BY e.offer_id, e.unit, e.tier, e.occurred_at
        ORDER BY e.change_id DESC) = 1
    UNION ALL
    -- the hold went on under a new id: only its end is an event of that id
    SELECT e.offer_id, e.unit, e.tier, '-infinity'::TIMESTAMPTZ, true
    FROM hold_event e WHERE e.event IN ('held', 'released')
    QUALIFY row_number() OVER (
        PARTITION BY e.offer_id, e.unit, e.tier ORDER BY e.occurred_at, e.change_id) = 1
        AND e.event = 'released'
    UNION ALL
    SELECT k.offer_id, '', '', k.held_since, true
    FROM internal._ph_card k SEMI JOIN chosen_offer o ON o.offer_id = k.offer_id
    WHERE k.held AND known_at IS NULL
      AND k.offer_id NOT IN (SELECT h.offer_id FROM hold_event h WHERE h.event = 'held')
), speed AS (
    SELECT v.offer_id, v.observed_at AS from_at, v.throughput_tps
    FROM internal._ph_speed_log v SEMI JOIN chosen_offer o ON o.offer_id = v.offer_id
    LEFT JOIN internal._ph_run r ON r.run_id = v.run_id
    WHERE default_route AND (known_at IS NULL OR r.started_at <= known_at)
    QUALIFY row_number() OVER (
        PARTITION BY v.offer_id, v.observed_at ORDER BY v.log_id DESC) = 1
), status AS (
    SELECT v.offer_id, v.valid_from AS from_at, v.kind IN ('seen', 'corrected')
                                               AND v.status = 'live' AS is_live
    FROM internal._ph_status_log v SEMI JOIN chosen_offer o ON o.offer_id = v.offer_id
    WHERE default_route AND v.kind <> 'void' AND (known_at IS NULL OR v.recorded_at <= known_at)
    QUALIFY row_number() OVER (
        PARTITION BY v.offer_id, v.valid_from ORDER BY v.log_id DESC) = 1
), offer_edge AS (
    SELECT offer_id, valid_from AS edge_at FROM series
    UNION ALL
    SELECT s.offer_id, unnest([g.from_at + INTERVAL 1 MICROSECOND, g.to_at])
    FROM (SELECT DISTINCT offer_id, feed FROM series) s JOIN gap g USING (feed)
    UNION ALL
    SELECT s.offer_id, c.until_at + INTERVAL 1 MICROSECOND
    FROM (SELECT DISTINCT offer_id, feed FROM series) s JOIN confirmed c USING (feed)
    UNION ALL
    SELECT offer_id, from_at FROM hold
    UNION ALL
    SELECT offer_id, from_at FROM speed
    UNION ALL
    SELECT offer_id, from_at FROM status
), edge AS (
    SELECT r.route_id, r.first_at AS from_at FROM route r
    UNION
    SELECT r.route_id, unnest([e.edge_at, c.first_seen_at, c.since, c.until]) AS from_at
    FROM route r JOIN candidate c USING (route_id)
    LEFT JOIN offer_edge e USING (offer_id)
), stretch AS MATERIALIZED (
    SELECT e.route_id, e.from_at, row_number() OVER () AS stretch_id
    FROM edge e JOIN route r USING (route_id)
    WHERE e.from_at BETWEEN r.first_at AND r.last_at
), served AS MATERIALIZED (
    SELECT s.stretch_id, s.route_id, s.from_at, c.offer_id, c.inference_provider, c.first_seen_at,
           c.gone_at, max(c.closeness) AS closeness
    FROM stretch s JOIN candidate c USING (route_id)
    WHERE c.since <= s.from_at AND s.from_at < c.until
    GROUP BY ALL
), fastest AS (
    -- the default route leads to the fastest live offer of those of which a speed is recorded
    SELECT s.stretch_id, s.offer_id, v.throughput_tps
    FROM served s SEMI JOIN (SELECT route_id FROM route WHERE provider_key = '') r USING (route_id)
    ASOF JOIN speed v ON v.offer_id = s.offer_id AND s.from_at >= v.from_at
    ASOF JOIN status t ON t.offer_id = s.offer_id AND s.from_at >= t.from_at
    WHERE t.is_live AND v.throughput_tps IS NOT NULL
    QUALIFY v.throughput_tps = max(v.throughput_tps) OVER (PARTITION BY s.stretch_id)
), entered AS MATERIALIZED (
    SELECT s.*, r.provider_key = '' AS is_default
    FROM served s JOIN route r USING (route_id)
    WHERE r.provider_key <> ''
       OR (s.stretch_id, s.offer_id) IN (SELECT (f.stretch_id, f.offer_id) FROM fastest f)
), unit_name(bit, unit, like_unit) AS (
    VALUES (1, 'input_token', NULL), (2, 'cached_input_token', 'input_token'),
           (4, 'cache_write_token', 'input_token'), (8, 'output_token', NULL),
           (16, 'reasoning_token', 'output_token'), (32, 'image', NULL), (64, 'megapixel', NULL),
           (128, 'pixel', NULL), (256, 'step', NULL), (512, 'second_of_compute', NULL),
           (1024, 'second_of_audio', NULL), (2048, 'second_of_video', NULL),
           (4096, 'character', NULL), (8192, 'run', NULL), (16384, 'request', NULL)
), wanted AS (
    SELECT r.route_id, r.tier_key AS tier, u.bit, u.unit, u.like_unit
    FROM route r JOIN unit_name u ON r.problem IS NULL AND r._units & u.bit > 0
), usable_tier AS (
    SELECT r.route_id, r.tier_key AS tier, 0 AS size FROM route r
    UNION ALL
    -- a prompt above a size has the price of the largest such size, of a unit that has one
    SELECT r.route_id, 'context>' || n.size, n.size
    FROM route r, (SELECT unnest(sizes) AS size, generate_subscripts(sizes, 1) AS number
                   FROM context) n
    WHERE r.tier_key = 'standard' AND n.number <= r._units >> 15
), stated AS MATERIALIZED (
    SELECT x.stretch_id, x.offer_id, x.unit, x.tier, p.log_id, p.until_at
    FROM (SELECT e.stretch_id, e.from_at, e.offer_id, t.tier, t.size, w.unit
          FROM entered e JOIN usable_tier t USING (route_id)
          JOIN (SELECT route_id, unit FROM wanted
                UNION SELECT route_id, like_unit FROM wanted
                WHERE like_unit IS NOT NULL) w USING (route_id)) x
    ASOF JOIN series p ON p.offer_id = x.offer_id AND p.unit = x.unit AND p.tier = x.tier
                      AND x.from_at >= p.valid_from
    WHERE p.kind IN ('seen', 'corrected')
    QUALIFY x.size = max(x.size) OVER (PARTITION BY x.stretch_id, x.offer_id, x.unit)
), own AS (
    SELECT e.stretch_id, e.from_at, e.offer_id, w.bit, w.unit, w.like_unit,
           coalesce(s.tier, w.tier) AS tier, s.log_id, s.until_at
    FROM entered e JOIN wanted w USING (route_id)
    LEFT JOIN stated s
        ON s.stretch_id = e.stretch_id AND s.offer_id = e.offer_id AND s.unit = w.unit
), like_input AS (
    -- a cached token costs the input price only where its source states that it has no other one;
    -- a reasoning token is an output token unless a price of its own is stated
    SELECT o.* REPLACE (s.log_id AS log_id, s.until_at AS until_at, s.tier AS tier), true AS is_like
    FROM own o LEFT JOIN internal._ph_price_log l ON l.log_id = o.log_id
    JOIN stated s ON s.stretch_id = o.stretch_id AND s.offer_id = o.offer_id
                 AND s.unit = o.like_unit
    WHERE l.reason = 'not_offered' OR o.unit = 'reasoning_token' AND o.log_id IS NULL
), explained AS MATERIALIZED (
    SELECT x.stretch_id, x.offer_id, x.bit, x.unit, x.tier, x.is_like, x.log_id, x.until_at,
           l.amount, l.currency, l.valid_from, l.recorded_at, l.run_id, l.native_unit,
           coalesce(h.is_held, false)
               OR coalesce(o.is_held AND x.tier = 'standard' AND l.unit NOT IN
                           ('cached_input_token', 'cache_write_token', 'reasoning_token'), false)
               AS held,
           CASE WHEN x.log_id IS NULL THEN 'unit_not_priced'
                WHEN l.reason = 'not_offered' THEN 'not_offered'
                WHEN l.amount IS NULL THEN l.price_status
                WHEN x.from_at < g.to_at THEN 'gap'
                WHEN x.until_at IS NULL AND x.from_at > coalesce(f.until_at, '-infinity')
                THEN 'future' END AS why
    FROM (SELECT o.*, false AS is_like FROM own o
          ANTI JOIN like_input k USING (stretch_id, offer_id, unit)
          UNION ALL FROM like_input) x
    LEFT JOIN internal._ph_price_log l ON l.log_id = x.log_id
    LEFT JOIN confirmed f ON f.feed = l.feed
    ASOF LEFT JOIN gap g ON g.feed = l.feed AND x.from_at > g.from_at
    ASOF LEFT JOIN hold h ON h.offer_id = x.offer_id AND h.unit = l.unit AND h.tier = x.tier
                         AND x.from_at >= h.from_at
    ASOF LEFT JOIN hold o ON o.offer_id = x.offer_id AND o.unit = '' AND x.from_at >= o.from_at
), offered AS (
    SELECT x.stretch_id, x.offer_id, bool_or(x.log_id IS NOT NULL) AS is_stated,
           bit_xor(hash(x.unit, x.amount, x.currency, x.why)) AS fingerprint
    FROM explained x GROUP BY x.stretch_id, x.offer_id
), ranked AS (
    SELECT o.stretch_id, o.offer_id, o.is_stated, e.inference_provider, e.first_seen_at, e.gone_at,
           -- of offers that are equally close and state different prices, none can be chosen
           min(o.fingerprint) OVER close <> max(o.fingerprint) OVER close AS is_ambiguous,
           e.is_default AND min(e.inference_provider) OVER close
                            <> max(e.inference_provider) OVER close AS is_tied
    FROM entered e JOIN offered o USING (stretch_id, offer_id)
    WINDOW close AS (PARTITION BY o.stretch_id, o.is_stated, e.closeness)
    QUALIFY row_number() OVER (
        PARTITION BY o.stretch_id
        ORDER BY o.is_stated DESC, e.closeness DESC, e.gone_at IS NOT NULL, o.offer_id) = 1
), otherwise_priced AS (
    -- where an offer prices nothing of what was used, whether it had any other price
    SELECT DISTINCT k.stretch_id
    FROM ranked k JOIN entered e USING (stretch_id)
    JOIN series p ON p.offer_id = e.offer_id AND p.valid_from <= e.from_at
                 AND e.from_at < coalesce(p.until_at, 'infinity'::TIMESTAMPTZ)
    WHERE NOT k.is_stated AND p.kind IN ('seen', 'corrected')
), used AS (
    SELECT x.stretch_id,
           count(DISTINCT x.currency) FILTER (x.amount IS NOT NULL) > 1 AS is_mixed,
           min(x.currency) FILTER (x.amount IS NOT NULL) AS currency,
           -- what stays unknown comes before what a later answer may tell
           arg_min(x.why, x.bit + 1000000 * (x.why IN ('gap', 'future'))::INT) AS why,
           max(x.valid_from) AS valid_from, min(x.until_at) AS valid_to,
           arg_max(x.run_id, x.recorded_at) AS publication, bool_or(x.held) AS held,
           bool_or(x.is_like AND x.unit <> 'reasoning_token') AS at_input_price,
           -- a sixtieth is no exact decimal: rounding restores what was stated per minute
           bool_or(x.native_unit IN ('minute', 'minute_of_audio', 'minute_of_video')) AS by_minute,
           list_sort(list({'unit': x.unit, 'tier': x.tier, 'amount': x.amount,
                           'currency': x.currency, 'price_status': l.price_status,
                           'reason': l.reason, 'valid_from': x.valid_from,
                           'valid_to': x.until_at, 'feed': l.feed, 'publication': x.run_id,
                           'payload_hash': l.payload_hash, 'json_path': l.json_path,
                           'held': x.held, 'why': x.why})) AS prices,
           max(x.amount) FILTER (x.bit = 1) AS _per_input,
           max(x.amount) FILTER (x.bit = 2) AS _per_cached,
           max(x.amount) FILTER (x.bit = 4) AS _per_written,
           max(x.amount) FILTER (x.bit = 8) AS _per_output,
           max(x.amount) FILTER (x.bit = 16) AS _per_reasoning,
           -- seldom used, so together: an amount that is NULL in each row costs time as well
           map_from_entries(list({'unit': x.unit, 'amount': x.amount}) FILTER (x.bit > 16)) AS _per
    FROM explained x SEMI JOIN ranked k USING (stretch_id, offer_id)
    LEFT JOIN internal._ph_price_log l ON l.log_id = x.log_id
    GROUP BY x.stretch_id
), found AS MATERIALIZED (
    SELECT s.route_id, s.from_at, k.inference_provider,
           CASE WHEN k.is_stated AND NOT k.is_ambiguous AND NOT k.is_tied THEN k.offer_id END
               AS offer_id,
           CASE WHEN r.problem IS NOT NULL THEN r.problem
                WHEN k.stretch_id IS NULL THEN CASE
                    WHEN r.model_key NOT IN (SELECT n.model_key FROM named n) THEN 'unknown_model'
                    WHEN r.provider_key = '' THEN 'default_route_unknown'
                    WHEN s.route_id NOT IN (SELECT c.route_id FROM candidate c)
                    THEN CASE WHEN r.task_key <> '' THEN 'unknown_offer'
                              ELSE 'unknown_provider' END
                    ELSE 'not_listed' END
                WHEN k.is_tied THEN 'default_route_tied'
                WHEN NOT k.is_stated AND s.from_at < k.first_seen_at THEN 'before_first_seen'
                WHEN NOT k.is_stated AND s.from_at >= k.gone_at THEN 'not_listed'
                WHEN NOT k.is_stated AND o.stretch_id IS NOT NULL THEN 'unit_not_priced'
                WHEN NOT k.is_stated THEN 'unknown_price'
                WHEN k.is_ambiguous THEN 'ambiguous_offer'
                WHEN u.why IS NOT NULL AND u.why NOT IN ('gap', 'future') THEN u.why
                WHEN u.is_mixed THEN 'currency_mix'
                ELSE u.why END AS why,
           list_filter([CASE WHEN u.held THEN 'held' END,
                        CASE WHEN u.at_input_price THEN 'at_input_price' END,
                        CASE WHEN r.provider_key = '' THEN 'default_route' END],
                       lambda each: each IS NOT NULL) AS flags,
           u.* EXCLUDE (stretch_id, why, held, at_input_price)
    FROM stretch s JOIN route r USING (route_id)
    LEFT JOIN ranked k USING (stretch_id) LEFT JOIN used u USING (stretch_id)
    LEFT JOIN otherwise_priced o USING (stretch_id)
), summed AS (
    SELECT c.*, f.* EXCLUDE (route_id), f.route_id IS NOT NULL AS is_placed,
           -- a sum that is too large for a decimal is no cost
           CASE WHEN f.route_id IS NOT NULL AND coalesce(f.why, 'gap') IN ('gap', 'future') THEN TRY((
               coalesce((c.input_tokens - c._kept)::DECIMAL(28,9) * f._per_input, 0)
               + coalesce(c.cached_input_tokens::DECIMAL(28,9) * f._per_cached, 0)
               + coalesce(c.cache_write_tokens::DECIMAL(28,9) * f._per_written, 0)
               + coalesce((c.output_tokens - coalesce(c.reasoning_tokens, 0))::DECIMAL(28,9)
                          * f._per_output, 0)
               + coalesce(c.reasoning_tokens::DECIMAL(28,9) * f._per_reasoning, 0)
               + CASE WHEN f._per IS NULL THEN 0 ELSE 0
                   + coalesce(c.images::DECIMAL(28,9) * f._per['image'], 0)
                   + coalesce(c.megapixels::DECIMAL(28,9) * f._per['megapixel'], 0)
                   + coalesce(c.pixels::DECIMAL(28,9) * f._per['pixel'], 0)
                   + coalesce(c.steps::DECIMAL(28,9) * f._per['step'], 0)
                   + coalesce(c.compute_seconds::DECIMAL(28,9) * f._per['second_of_compute'], 0)
                   + coalesce(c.audio_seconds::DECIMAL(28,9) * f._per['second_of_audio'], 0)
                   + coalesce(c.video_seconds::DECIMAL(28,9) * f._per['second_of_video'], 0)
                   + coalesce(c.characters::DECIMAL(28,9) * f._per['character'], 0)
                   + coalesce(c.runs::DECIMAL(28,9) * f._per['run'], 0)
                   + coalesce(c.requests::DECIMAL(28,9) * f._per['request'], 0) END
           )::DECIMAL(38,18)) END AS _sum
    FROM counted c
    LEFT JOIN route r ON r._model = c._model AND r._provider = c._provider AND r._task = c._task
                     AND r._tier = c._tier AND r._units = c._units
    ASOF LEFT JOIN found f ON f.route_id = r.route_id AND c._at >= f.from_at
), totalled AS (
    SELECT s.*, CASE WHEN s.by_minute THEN round(s._sum, 12)::DECIMAL(38,18) ELSE s._sum END AS _total
    FROM summed s
)
SELECT x.* EXCLUDE (_at, _model, _provider, _task, _tier, _kept, _units, _sum, _total, is_placed,
                    from_at, why, flags, inference_provider, offer_id, is_mixed, currency,
                    valid_from, valid_to, publication, by_minute, prices, _per_input, _per_cached,
                    _per_written, _per_output, _per_reasoning, _per),
       CASE WHEN x.why IS NULL THEN x._total END AS cost,
       CASE WHEN x._total IS NOT NULL THEN x.currency END AS currency,
       CASE WHEN NOT x.is_placed THEN 'no_moment'
            WHEN x._total IS NULL AND isnan(greatest(  -- NaN is the greatest of all numbers
                     x.input_tokens::DOUBLE, x.cached_input_tokens::DOUBLE,
                     x.cache_write_tokens::DOUBLE, x.output_tokens::DOUBLE,
                     x.reasoning_tokens::DOUBLE, x.images::DOUBLE, x.megapixels::DOUBLE,
                     x.pixels::DOUBLE, x.steps::DOUBLE, x.compute_seconds::DOUBLE,
                     x.audio_seconds::DOUBLE, x.video_seconds::DOUBLE, x.characters::DOUBLE,
                     x.runs::DOUBLE, x.requests::DOUBLE)) THEN 'invalid_usage'
            WHEN x._total IS NULL THEN coalesce(x.why, 'too_large') ELSE x.why END AS why,
       CASE WHEN x.why IS NOT NULL THEN x._total END AS last_known_cost,
       x.flags, x.inference_provider, x.offer_id, x.valid_from, x.valid_to, x.publication, x.prices
FROM totalled x;

COMMENT ON MACRO TABLE cost IS
    'What each row of the table named `usage` cost when it was used, as far as recorded by `known_at` (NULL: as known now), with interval and proof, or why it is not known.';
