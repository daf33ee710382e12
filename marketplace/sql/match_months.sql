-- After match_cards.sql: what a month of the mix costs at each card, part by part; NULL is a part
-- that the card does not price. Where it is not known what cached tokens cost, `is_known` is false
-- and they are counted at the input price. A sum that no DECIMAL holds is not known either.
, declined AS (
    SELECT offer_id FROM prices
    WHERE unit = 'cached_input_token' AND tier = 'standard' AND reason = 'not_offered'
), months AS (
    SELECT counted.*,
           $cached_input_tokens::BIGINT = 0 OR cost_per_cached_input_token IS NOT NULL
               OR offer_id IN (SELECT offer_id FROM declined) AS is_known,
           CASE WHEN ($input_tokens::BIGINT = 0 OR cost_per_input_token IS NOT NULL)
                     AND ($output_tokens::BIGINT = 0 OR cost_per_output_token IS NOT NULL)
                THEN TRY((coalesce(cost_per_input_token
                                   * ($input_tokens::BIGINT - $cached_input_tokens::BIGINT), 0)
                          + coalesce(coalesce(cost_per_cached_input_token, cost_per_input_token)
                                     * $cached_input_tokens::BIGINT, 0)
                          + coalesce(cost_per_output_token * $output_tokens::BIGINT, 0)
                         )::DECIMAL(38,18)) END AS tokens_cost,
           TRY(cost_per_image * $images::BIGINT) AS images_cost,
           TRY(cost_per_audio_minute * $audio_minutes::BIGINT) AS audio_minutes_cost,
           TRY(cost_per_video_second * $video_seconds::BIGINT) AS video_seconds_cost,
           TRY((cost_per_million_characters * $characters::BIGINT * 0.000001)::DECIMAL(38,18))
               AS characters_cost
    FROM counted
)
