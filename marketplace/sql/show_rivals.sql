-- Of some models: per model and task what the offers cost that may be ranked, and who serves it, each
-- as often as there are offers of it.
SELECT model_id, task, list(inference_provider) AS inference_providers,
       list(cost_per_token) FILTER (rankable AND cost_per_token IS NOT NULL) AS cost_per_token,
       list(cost_per_image) FILTER (rankable AND cost_per_image IS NOT NULL) AS cost_per_image,
       list(cost_per_audio_minute) FILTER (rankable AND cost_per_audio_minute IS NOT NULL)
           AS cost_per_audio_minute,
       list(cost_per_video_second) FILTER (rankable AND cost_per_video_second IS NOT NULL)
           AS cost_per_video_second,
       list(cost_per_million_characters) FILTER (
           rankable AND cost_per_million_characters IS NOT NULL) AS cost_per_million_characters
FROM cards WHERE list_contains($models::VARCHAR[], model_id)
GROUP BY model_id, task;
