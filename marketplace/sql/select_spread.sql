-- Per task and unit of a model: the lowest and the highest cost of its rankable offers.
SELECT task, unit, count(*) AS rankable_offers, min(cost) AS least, max(cost) AS most,
       arg_min(inference_provider, (cost, inference_provider)) AS cheapest,
       arg_max(inference_provider, (cost, inference_provider)) AS dearest,
       CASE WHEN min(cost) > 0
            THEN round(max(cost)::DOUBLE / min(cost)::DOUBLE, 1) END AS times
FROM (
    UNPIVOT (SELECT task, inference_provider, cost_per_token AS token, cost_per_image AS image,
                    cost_per_audio_minute AS audio_minute, cost_per_video_second AS video_second,
                    cost_per_million_characters AS million_characters
             FROM cards WHERE model_id = $model_id AND rankable)
    ON token, image, audio_minute, video_second, million_characters INTO NAME unit VALUE cost
)
GROUP BY task, unit HAVING count(*) > 1 ORDER BY task, unit;
