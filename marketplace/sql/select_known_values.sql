-- The values that filters may name, from what the publication has.
SELECT 'task' AS field, task AS value, min(task_group) AS task_group FROM offers GROUP BY ALL
UNION ALL SELECT 'task', task_group, task_group FROM offers GROUP BY ALL
UNION ALL SELECT 'provider', source, NULL FROM offers GROUP BY ALL
UNION ALL SELECT 'inference_provider', inference_provider, NULL FROM providers
UNION ALL SELECT 'region', region, NULL FROM providers GROUP BY ALL
UNION ALL SELECT DISTINCT 'tag', unnest(compliance_tags), NULL FROM cards
ORDER BY ALL;
