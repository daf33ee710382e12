-- The monthly cost at each offer that prices every unit of a need, the cheapest first. Where it is
-- not known what cached tokens cost, the cost is that at the input price, and ranked apart.
, needs AS (
    SELECT offer_id, 'tokens' AS need, is_known, tokens_cost AS cost FROM months
    WHERE failed_filters = 0 AND rankable AND $input_tokens::BIGINT + $output_tokens::BIGINT > 0
      AND tokens_cost IS NOT NULL
    UNION ALL
    SELECT offer_id, 'images', true, images_cost FROM months
    WHERE failed_filters = 0 AND rankable AND $images::BIGINT > 0 AND images_cost IS NOT NULL
    UNION ALL
    SELECT offer_id, 'audio_minutes', true, audio_minutes_cost FROM months
    WHERE failed_filters = 0 AND rankable AND $audio_minutes::BIGINT > 0
      AND audio_minutes_cost IS NOT NULL
    UNION ALL
    SELECT offer_id, 'video_seconds', true, video_seconds_cost FROM months
    WHERE failed_filters = 0 AND rankable AND $video_seconds::BIGINT > 0
      AND video_seconds_cost IS NOT NULL
    UNION ALL
    SELECT offer_id, 'characters', true, characters_cost FROM months
    WHERE failed_filters = 0 AND rankable AND $characters::BIGINT > 0
      AND characters_cost IS NOT NULL
)
SELECT n.need, n.is_known, count(*) OVER (PARTITION BY n.need, n.is_known) AS total,
       row_number() OVER (PARTITION BY n.need, n.is_known
                          ORDER BY n.cost, c.model_id, c.inference_provider, c.offer_id) AS place,
       n.cost AS cost_per_month, c.*
FROM needs n JOIN cards c USING (offer_id)
QUALIFY place <= $count::INT
ORDER BY n.need, n.is_known DESC, place;
