SELECT cost_of, model_id, task, inference_provider, cost, price_day, rankable
FROM (
    SELECT model_id, task, inference_provider, rankable, price_observed_at::DATE AS price_day,
           cost_per_image, cost_per_video_second, cost_per_audio_minute, cost_per_million_characters
    FROM cards
    WHERE offer_type = 'model' AND NOT held
)
UNPIVOT (cost FOR cost_of IN (
    cost_per_image AS 'image',
    cost_per_video_second AS 'second of video',
    cost_per_audio_minute AS 'minute of audio',
    cost_per_million_characters AS '1M characters'))
QUALIFY row_number() OVER (
    PARTITION BY cost_of ORDER BY cost, model_id, task, inference_provider) <= 5
ORDER BY list_position(['image', 'second of video', 'minute of audio', '1M characters'], cost_of),
         cost, model_id, task, inference_provider;
