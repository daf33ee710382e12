-- The cheapest rankable offers of a task group, the `n` first of each kind of cost that its offers
-- can be compared by: the cost of a token does not compare with the cost of an image. With a share
-- of cached input tokens, offers of which it is not known what those cost are left out.
CREATE OR REPLACE MACRO cheapest(task_group, region := NULL, n := 10, cached_share := 0) AS TABLE
WITH checked AS (
    -- a parameter that has no meaning is an error, whatever cards there are: no rows would look
    -- like no offers
    SELECT any_value(g.wanted_group) AS wanted_group, any_value(g.place) AS place,
           any_value(g.problem) AS problem
    FROM (SELECT task_group AS wanted_group,
                 CASE WHEN regexp_full_match(region, '(?i)eu|eea|us|multi|unverified')
                      THEN lower(region) ELSE upper(region) END AS place,
                 CASE
        WHEN coalesce(task_group NOT IN ('text', 'image', 'audio', 'video', 'embedding', 'other'),
                      true)
        THEN '“' || coalesce(task_group, 'NULL') || '” is no task group; valid: text, image, '
             || 'audio, video, embedding, other'
        WHEN region IS NOT NULL
             AND NOT EXISTS (FROM internal._ph_region r WHERE r.code = lower(region))
        THEN '“' || region || '” is no region; valid: eu, eea, us, multi, unverified, or a '
             || 'country''s two letters (ISO 3166), like DE'
        WHEN coalesce(cached_share NOT BETWEEN 0 AND 1, true)
        THEN 'cached_share is ' || coalesce(cached_share::VARCHAR, 'NULL')
             || '; it must be from 0 to 1'
        WHEN coalesce(n < 0, true)
        THEN 'n is ' || coalesce(n::VARCHAR, 'NULL') || '; it must be a number from 0'
                 END AS problem) g
    HAVING CASE WHEN problem IS NULL THEN true ELSE error(problem) END
)
SELECT c.model_id, c.inference_provider,
       (c.cost_per_input_token * 1000000)::DECIMAL(28,6) AS input_per_million,
       (c.cost_per_output_token * 1000000)::DECIMAL(28,6) AS output_per_million,
       (c.per_token * 1000000)::DECIMAL(28,6) AS blended_per_million,
       c.cost_per_image, c.cost_per_audio_minute, c.cost_per_video_second,
       c.cost_per_million_characters, c.currency, c.region, c.throughput_tps, c.context_length,
       c.task, c.per_token AS cost_per_token, c.offer_id
FROM (
    SELECT cards.*, v.serving_countries,
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
    FROM internal._ph_cards cards
    LEFT JOIN internal._ph_provider v ON v.inference_provider = cards.inference_provider
    LEFT JOIN internal._ph_price p ON p.offer_id = cards.offer_id AND p.unit = 'cached_input_token'
                         AND p.tier = 'standard'
) c
CROSS JOIN checked a
WHERE c.rankable AND c.task_group = a.wanted_group
  AND (a.place IS NULL OR c.region = a.place OR (a.place = 'eea' AND c.region = 'eu')
       OR coalesce(c.serving_countries = [a.place], false))
  AND c.kind IS NOT NULL AND (c.kind NOT IN (1, 6) OR c.per_token IS NOT NULL)
QUALIFY row_number() OVER (
    PARTITION BY c.kind
    ORDER BY CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                         WHEN 4 THEN c.cost_per_video_second
                         WHEN 5 THEN c.cost_per_million_characters
                         ELSE c.per_token END, c.model_id, c.inference_provider, c.offer_id
) <= coalesce(n, 0)
ORDER BY c.kind,
         CASE c.kind WHEN 2 THEN c.cost_per_image WHEN 3 THEN c.cost_per_audio_minute
                     WHEN 4 THEN c.cost_per_video_second WHEN 5 THEN c.cost_per_million_characters
                     ELSE c.per_token END, c.model_id, c.inference_provider, c.offer_id;

COMMENT ON MACRO TABLE cheapest IS
    'The `n` cheapest rankable offers of a task group, of each kind of cost (per token, image, minute, second, characters), with token prices also per million; `region` keeps only that region, NULL keeps all; at `cached_share` (0 to 1) of cached input tokens, where what those cost is known.';
