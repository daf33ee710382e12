-- How many changes of each kind there are in a period, of the models and providers that are asked.
SELECT event, count(*) AS n FROM changes
WHERE ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ)
  AND ($task_group::VARCHAR[] IS NULL OR list_contains($task_group::VARCHAR[], task_group))
  AND ($model_id::VARCHAR IS NULL OR model_id = $model_id::VARCHAR)
  AND ($inference_provider::VARCHAR[] IS NULL
       OR list_contains($inference_provider::VARCHAR[], inference_provider))
GROUP BY event ORDER BY event;
