-- The cheapest rankable offers of a task group, the `n` first of each kind of cost that its offers
-- can be compared by: the cost of a token does not compare with the cost of an image. With a share
-- of cached input tokens, offers of which it is not known what those cost are left out.
CREATE OR REPLACE MACRO cheapest(task_group, region := NULL, n := 10, cached_share := 0) AS TABLE
SELECT c.model_id, c.inference_provider,
       (c.cost_per_input_token * 1000000)::DECIMAL(28,6) AS input_per_million,
       (c.cost_per_output_token * 1000000)::DECIMAL(28,6) AS output_per_million,
       (c.per_token * 1000000)::DECIMAL(28,6) AS blended_per_million,
       c.cost_per_image, c.cost_per_audio_minute, c.cost_per_video_second,
       c.cost_per_million_characters, c.currency, c.region, c.throughput_tps, c.context_length,
       c.task, c.per_token AS cost_per_token, c.offer_id
FROM (
    SELECT cards.*,
           CASE WHEN cached_share = 0 THEN cards.cost_per_token
                ELSE (cards.cost_per_token
                      - CASE WHEN p.reason = 'not_offered' THEN 0
                             ELSE (cards.cost_per_input_token - cards.cost_per_cached_input_token)
                                  * (cached_share::DECIMAL(5,4)
                                     * CASE WHEN cards.cost_per_output_token IS NULL THEN 1.00
                                            ELSE 0.75 END) END)::DECIMAL(38,18)
           END AS per_token,
           CASE WHEN cards.task_group IN ('text', 'embedding', 'other')
                     AND cards.cost_per_token IS NOT NULL THEN 1
                WHEN cards.cost_per_image IS NOT NULL THEN 2
                WHEN cards.cost_per_audio_minute IS NOT NULL THEN 3
                WHEN cards.cost_per_video_second IS NOT NULL THEN 4
                WHEN cards.cost_per_million_characters IS NOT NULL THEN 5
                WHEN cards.cost_per_token IS NOT NULL THEN 6 END AS kind
    FROM _ph_cards cards
    LEFT JOIN _ph_price p ON p.offer_id = cards.offer_id AND p.unit = 'cached_input_token'
                         AND p.tier = 'standard'
) c
-- a mistyped group or region is an error: no rows would look like no offers
WHERE c.rankable
  AND c.task_group = CASE
      WHEN task_group IN ('text', 'image', 'audio', 'video', 'embedding', 'other') THEN task_group
      ELSE error('“' || coalesce(task_group, 'NULL') || '” is no task group; valid: text, image, '
                 || 'audio, video, embedding, other') END
  AND (region IS NULL OR c.region = CASE
      WHEN region IN ('eu', 'eea', 'us', 'multi', 'unverified')
           OR regexp_full_match(region, '[A-Z]{2}') THEN region
      ELSE error('“' || region || '” is no region; valid: eu, eea, us, multi, unverified, or a '
                 || 'country''s two letters, like DE') END)
  AND c.kind IS NOT NULL AND (c.kind NOT IN (1, 6) OR c.per_token IS NOT NULL)
  AND cached_share BETWEEN 0 AND 1
QUALIFY row_number() OVER (
    PARTITION BY c.kind
    ORDER BY CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                         WHEN 4 THEN c.cost_per_video_second
                         WHEN 5 THEN c.cost_per_million_characters
                         ELSE c.per_token END, c.model_id, c.inference_provider, c.offer_id
) <= n
ORDER BY c.kind,
         CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                     WHEN 4 THEN c.cost_per_video_second WHEN 5 THEN c.cost_per_million_characters
                     ELSE c.per_token END, c.model_id, c.inference_provider, c.offer_id;

COMMENT ON MACRO TABLE cheapest IS
    'The `n` cheapest rankable offers of a task group, of each kind of cost (per token, image, minute, second, characters), with token prices also per million; `region` keeps only that region, NULL keeps all; at `cached_share` (0 to 1) of cached input tokens, where what those cost is known.';
