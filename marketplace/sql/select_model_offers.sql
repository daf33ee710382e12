-- A model's offers: rankable ones first, by cost; adapters last.
SELECT * FROM cards WHERE model_id = $model_id
ORDER BY offer_type = 'adapter', task_group, task, NOT rankable, status <> 'live',
         coalesce(cost_per_token, cost_per_image, cost_per_audio_minute, cost_per_video_second,
                  cost_per_million_characters) NULLS LAST, inference_provider, offer_id;
