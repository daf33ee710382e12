-- The beginning of each statement that filters models; a filter that is NULL is not set.
WITH named AS (
    SELECT *, lower(model_id) AS names, regexp_replace(names, '[^a-z0-9]+', '', 'g') AS squashed
    FROM models
), matched AS (
    SELECT model_id,
           $sign::INT * CASE $sort
               WHEN 'downloads' THEN downloads::DOUBLE
               WHEN 'likes' THEN likes::DOUBLE
               WHEN 'parameters' THEN parameters::DOUBLE
               WHEN 'live_offers' THEN live_offers::DOUBLE
               WHEN 'priced_offers' THEN priced_offers::DOUBLE
               WHEN 'created_at' THEN epoch_us(created_at)::DOUBLE
               WHEN 'first_seen_at' THEN epoch_us(first_seen_at)::DOUBLE
               WHEN 'model_id' THEN 0.0
           END AS number
    FROM named m
    WHERE ($author::VARCHAR IS NULL OR lower(author) = lower($author::VARCHAR))
      AND ($min_live_offers::BIGINT IS NULL OR live_offers >= $min_live_offers::BIGINT)
      AND ($search_terms::STRUCT(plain VARCHAR, pattern VARCHAR)[] IS NULL
           OR list_bool_and(list_transform(
               $search_terms::STRUCT(plain VARCHAR, pattern VARCHAR)[],
               lambda w: contains(m.names, w.plain)
                   OR coalesce(m.squashed LIKE w.pattern, false))))
      AND (($task::VARCHAR[] IS NULL AND $inference_provider::VARCHAR[] IS NULL)
           OR model_id IN (
               SELECT c.model_id FROM cards c
               WHERE ($task::VARCHAR[] IS NULL OR list_contains($task::VARCHAR[], c.task_group)
                      OR list_contains($task::VARCHAR[], c.task))
                 AND ($inference_provider::VARCHAR[] IS NULL OR list_contains(
                     $inference_provider::VARCHAR[], c.inference_provider))))
)
