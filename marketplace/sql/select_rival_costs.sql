-- Per model and task: the costs of its rankable offers, and the inference provider of every offer
-- (a provider with two offers is listed twice).
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
