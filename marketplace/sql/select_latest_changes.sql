-- Changes before a change id, newest first, for people and feed readers.
SELECT * FROM changes
WHERE change_id < $before::BIGINT
  AND ($since::TIMESTAMPTZ IS NULL OR occurred_at >= $since::TIMESTAMPTZ)
  AND ($event::VARCHAR[] IS NULL OR list_contains($event::VARCHAR[], event))
  AND ($task_group::VARCHAR[] IS NULL OR list_contains($task_group::VARCHAR[], task_group))
  AND ($model_id::VARCHAR IS NULL OR model_id = $model_id::VARCHAR)
  AND ($inference_provider::VARCHAR[] IS NULL
       OR list_contains($inference_provider::VARCHAR[], inference_provider))
ORDER BY change_id DESC LIMIT $count::INT;
