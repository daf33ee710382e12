-- Macros do not resolve through ATTACH, so their bodies read _ph_ names only: used that way they
-- fail loudly instead of reading a table of the reader's own. docs/sql.md has plain twins.

-- What each price was at `ts`, as far as was recorded by `known_at`. Inside a gap: the last known.
-- With `known_at`, last_seen_at of a price that still held then is NULL: the log does not say it.
CREATE MACRO price_as_of(ts, known_at := NULL) AS TABLE
WITH known AS (
    SELECT *, lead(l.valid_from) OVER series AS until_at, lead(l.kind) OVER series AS next_kind,
           lead(l.not_before_at) OVER series AS last_shown_at
    FROM _ph_price_log l
    WHERE known_at IS NULL OR l.recorded_at <= known_at
    WINDOW series AS (PARTITION BY l.offer_id, l.unit, l.tier ORDER BY l.log_id)
)
SELECT k.offer_id, o.model_id, o.inference_provider, k.unit, k.tier, k.amount, k.currency,
       k.price_status, k.basis, k.reason, k.native_unit, k.raw_text, k.native_amount,
       k.native_quantity, k.formula, k.scope, o.task_group, k.valid_from, k.not_before_at,
       k.until_at AS valid_to,
       CASE WHEN k.next_kind IS NOT NULL THEN k.last_shown_at
            WHEN known_at IS NULL THEN s.seen_at END AS last_seen_at,
       CASE k.next_kind WHEN 'seen' THEN 'change' ELSE k.next_kind END AS closed_by,
       k.recorded_at, k.feed, k.rule_version, k.run_id, k.payload_hash, k.json_path,
       EXISTS (SELECT 1 FROM _ph_gap g JOIN _ph_run r ON r.run_id = g.run_id
               WHERE g.feed = k.feed AND g.from_at < ts AND ts < g.to_at
                 AND (known_at IS NULL OR r.started_at <= known_at)) AS in_gap
FROM known k
JOIN _ph_offer o ON o.offer_id = k.offer_id
LEFT JOIN _ph_price_seen s ON s.offer_id = k.offer_id AND s.unit = k.unit AND s.tier = k.tier
WHERE k.kind = 'seen' AND k.valid_from <= ts AND (k.until_at IS NULL OR ts < k.until_at);

-- Cost per token of each priced offer at the buyer's own share of input tokens.
CREATE MACRO blended(input_share := 0.75) AS TABLE
SELECT c.offer_id, c.model_id, c.inference_provider, c.task, c.region,
       c.cost_per_input_token, c.cost_per_output_token,
       (c.cost_per_input_token * input_share::DECIMAL(5,4)
        + c.cost_per_output_token * (1 - input_share)::DECIMAL(5,4))::DECIMAL(38,18)
           AS blended_cost_per_token,
       c.currency, c.rankable
FROM _ph_cards c
WHERE c.cost_per_input_token IS NOT NULL AND c.cost_per_output_token IS NOT NULL
  AND input_share BETWEEN 0 AND 1;

-- The cheapest rankable offers of a task group; `region` is strict, NULL takes every region.
CREATE MACRO cheapest(task_group, region := NULL, n := 10) AS TABLE
SELECT c.model_id, c.inference_provider, c.task, c.region, c.cost_per_token, c.cost_per_image,
       c.cost_per_audio_minute, c.cost_per_video_second, c.currency, c.context_length,
       c.throughput_tps, c.offer_id
FROM _ph_cards c
WHERE c.rankable AND c.task_group = task_group AND (region IS NULL OR c.region = region)
  AND coalesce(c.cost_per_token, c.cost_per_image, c.cost_per_audio_minute,
               c.cost_per_video_second) IS NOT NULL
ORDER BY coalesce(c.cost_per_token, c.cost_per_image, c.cost_per_audio_minute,
                  c.cost_per_video_second), c.model_id, c.inference_provider
LIMIT n;
