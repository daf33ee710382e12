-- The monthly cost at each offer that prices every unit of a need, the cheapest first. Where it is
-- not known what cached tokens cost, the cost is that at the input price, and ranked apart.
, declined AS (
    SELECT offer_id FROM prices
    WHERE unit = 'cached_input_token' AND tier = 'standard' AND reason = 'not_offered'
), needs AS (
    SELECT offer_id, 'tokens' AS need,
           $cached_input_tokens::BIGINT = 0 OR cost_per_cached_input_token IS NOT NULL
               OR offer_id IN (SELECT offer_id FROM declined) AS is_known,
           (coalesce(cost_per_input_token * ($input_tokens::BIGINT - $cached_input_tokens::BIGINT),
                     0)
            + coalesce(coalesce(cost_per_cached_input_token, cost_per_input_token)
                       * $cached_input_tokens::BIGINT, 0)
            + coalesce(cost_per_output_token * $output_tokens::BIGINT, 0))::DECIMAL(38,18) AS cost
    FROM counted
    WHERE failed_filters = 0 AND rankable AND $input_tokens::BIGINT + $output_tokens::BIGINT > 0
      AND ($input_tokens::BIGINT = 0 OR cost_per_input_token IS NOT NULL)
      AND ($output_tokens::BIGINT = 0 OR cost_per_output_token IS NOT NULL)
    UNION ALL
    SELECT offer_id, 'images', true, cost_per_image * $images::BIGINT FROM counted
    WHERE failed_filters = 0 AND rankable AND $images::BIGINT > 0 AND cost_per_image IS NOT NULL
    UNION ALL
    SELECT offer_id, 'audio_minutes', true, cost_per_audio_minute * $audio_minutes::BIGINT
    FROM counted
    WHERE failed_filters = 0 AND rankable AND $audio_minutes::BIGINT > 0
      AND cost_per_audio_minute IS NOT NULL
    UNION ALL
    SELECT offer_id, 'video_seconds', true, cost_per_video_second * $video_seconds::BIGINT
    FROM counted
    WHERE failed_filters = 0 AND rankable AND $video_seconds::BIGINT > 0
      AND cost_per_video_second IS NOT NULL
)
SELECT n.need, n.is_known, count(*) OVER (PARTITION BY n.need, n.is_known) AS total,
       row_number() OVER (PARTITION BY n.need, n.is_known
                          ORDER BY n.cost, c.model_id, c.inference_provider, c.offer_id) AS place,
       n.cost AS cost_per_month, c.*
FROM needs n JOIN cards c USING (offer_id)
QUALIFY place <= $count::INT
ORDER BY n.need, n.is_known DESC, place;
