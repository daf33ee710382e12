-- The cheapest rankable offers of a task group, the `n` first of each kind of cost that its offers
-- can be compared by: the cost of a token does not compare with the cost of an image.
CREATE OR REPLACE MACRO cheapest(task_group, region := NULL, n := 10) AS TABLE
SELECT c.model_id, c.inference_provider, c.task, c.region, c.cost_per_token, c.cost_per_image,
       c.cost_per_audio_minute, c.cost_per_video_second, c.currency, c.context_length,
       c.throughput_tps, c.offer_id, c.cost_per_million_characters
FROM (
    SELECT *,
           CASE WHEN cards.task_group IN ('text', 'embedding', 'other')
                     AND cost_per_token IS NOT NULL THEN 1
                WHEN cost_per_image IS NOT NULL THEN 2
                WHEN cost_per_audio_minute IS NOT NULL THEN 3
                WHEN cost_per_video_second IS NOT NULL THEN 4
                WHEN cost_per_million_characters IS NOT NULL THEN 5
                WHEN cost_per_token IS NOT NULL THEN 6 END AS kind
    FROM _ph_cards cards
) c
WHERE c.rankable AND c.task_group = task_group AND (region IS NULL OR c.region = region)
  AND c.kind IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY c.kind
    ORDER BY CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                         WHEN 4 THEN c.cost_per_video_second
                         WHEN 5 THEN c.cost_per_million_characters
                         ELSE c.cost_per_token END, c.model_id, c.inference_provider, c.offer_id
) <= n
ORDER BY c.kind,
         CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                     WHEN 4 THEN c.cost_per_video_second WHEN 5 THEN c.cost_per_million_characters
                     ELSE c.cost_per_token END, c.model_id, c.inference_provider, c.offer_id;

COMMENT ON MACRO TABLE cheapest IS
    'The `n` cheapest rankable offers of a task group, of each kind of cost (per token, image, minute, second, characters); `region` keeps only that region, NULL keeps all.';
