-- A page of the cards that pass all filters, rankable ones first, after the last row of the page
-- before. The sort key is a DOUBLE: amounts have at most 15 significant digits, which keep their
-- order in it.
, keyed AS (
    SELECT offer_id, model_id, inference_provider, rankable, status, estimated_cost,
           CASE WHEN $sort = 'cost' THEN
               CASE WHEN cost_per_token IS NOT NULL THEN 1 WHEN cost_per_image IS NOT NULL THEN 2
                    WHEN cost_per_audio_minute IS NOT NULL THEN 3
                    WHEN cost_per_video_second IS NOT NULL THEN 4
                    WHEN cost_per_million_characters IS NOT NULL THEN 5 ELSE 0 END
           ELSE 0 END AS unit,
           $sign::INT * CASE $sort
               WHEN 'cost' THEN coalesce(cost_per_token, cost_per_image, cost_per_audio_minute,
                                         cost_per_video_second, cost_per_million_characters)::DOUBLE
               WHEN 'cost_per_input_token' THEN cost_per_input_token::DOUBLE
               WHEN 'cost_per_output_token' THEN cost_per_output_token::DOUBLE
               WHEN 'cost_per_cached_input_token' THEN cost_per_cached_input_token::DOUBLE
               WHEN 'cost_per_token' THEN cost_per_token::DOUBLE
               WHEN 'cost_per_image' THEN cost_per_image::DOUBLE
               WHEN 'cost_per_audio_minute' THEN cost_per_audio_minute::DOUBLE
               WHEN 'cost_per_video_second' THEN cost_per_video_second::DOUBLE
               WHEN 'cost_per_million_characters' THEN cost_per_million_characters::DOUBLE
               WHEN 'estimated_cost' THEN estimated_cost::DOUBLE
               WHEN 'throughput_tps' THEN throughput_tps
               WHEN 'first_token_latency_ms' THEN first_token_latency_ms
               WHEN 'request_latency_ms' THEN request_latency_ms
               WHEN 'context_length' THEN context_length::DOUBLE
               WHEN 'price_changed_at' THEN epoch_us(price_changed_at)::DOUBLE
               WHEN 'first_seen_at' THEN epoch_us(first_seen_at)::DOUBLE
               WHEN 'model_id' THEN 0.0
           END AS number
    FROM counted WHERE failed_filters = 0
), placed AS (
    SELECT offer_id, model_id, inference_provider, unit, coalesce(number, 0.0) AS number,
           CASE WHEN number IS NULL THEN CASE WHEN estimated_cost IS NULL THEN 5 ELSE 4 END
                WHEN $sort = 'model_id' THEN 0
                WHEN rankable THEN 0 WHEN status = 'live' THEN 1 ELSE 2 END AS place
    FROM keyed
), page AS (
    SELECT * FROM placed
    WHERE $after_offer_id::VARCHAR IS NULL
       OR (place, unit, number, model_id, inference_provider, offer_id)
        > ($after_place::INT, $after_unit::INT, $after_number::DOUBLE, $after_model_id::VARCHAR,
           $after_inference_provider::VARCHAR, $after_offer_id::VARCHAR)
    ORDER BY place, unit, number, model_id, inference_provider, offer_id
    LIMIT $count::INT
)
SELECT c.*, p.place AS at_place, p.unit AS at_unit, p.number AS at_number
FROM page p JOIN cards c USING (offer_id, model_id) -- by model, in whose order cards are stored
ORDER BY p.place, p.unit, p.number, p.model_id, p.inference_provider, p.offer_id;
