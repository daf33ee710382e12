-- The values that cards can be filtered by, and how a client may write each; ids come first.
SELECT DISTINCT 1 AS place, 'inference_provider' AS field, inference_provider AS spelling,
       inference_provider AS value
FROM providers
UNION ALL
SELECT DISTINCT 2, 'inference_provider', display_name, inference_provider FROM providers
WHERE display_name IS NOT NULL
UNION ALL SELECT DISTINCT 1, 'provider', source, source FROM offers
UNION ALL SELECT DISTINCT 1, 'task', task, task FROM offers
UNION ALL
SELECT 1, 'task', t, t
FROM (SELECT unnest(['text', 'image', 'audio', 'video', 'embedding', 'other']) AS t)
ORDER BY ALL;
