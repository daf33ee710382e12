-- Of some models: per model and task how many offers may be ranked and what the least costs, and
-- where several offers share model, provider and task.
SELECT model_id, task, count(*) FILTER (rankable AND cost_per_token IS NOT NULL) AS rankable_token,
       min(cost_per_token) FILTER (rankable) AS least_token,
       count(*) FILTER (rankable AND cost_per_image IS NOT NULL) AS rankable_image,
       min(cost_per_image) FILTER (rankable) AS least_image,
       count(*) FILTER (rankable AND cost_per_audio_minute IS NOT NULL) AS rankable_audio,
       min(cost_per_audio_minute) FILTER (rankable) AS least_audio,
       count(*) FILTER (rankable AND cost_per_video_second IS NOT NULL) AS rankable_video,
       min(cost_per_video_second) FILTER (rankable) AS least_video,
       list(inference_provider) AS inference_providers
FROM cards WHERE list_contains($models::VARCHAR[], model_id)
GROUP BY model_id, task;
