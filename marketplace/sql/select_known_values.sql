-- What a filter of offers can be, of every offer ever.
SELECT 'provider' AS name, source AS value FROM offers GROUP BY ALL
UNION ALL SELECT 'inference_provider', inference_provider FROM offers GROUP BY ALL
UNION ALL SELECT 'inference_provider', inference_provider FROM providers GROUP BY ALL
UNION ALL SELECT 'task', task FROM offers GROUP BY ALL
UNION ALL SELECT 'region', region FROM providers WHERE region IS NOT NULL GROUP BY ALL
UNION ALL SELECT 'tag', t.tag FROM (SELECT unnest(compliance_tags) AS tag FROM cards) t GROUP BY ALL
ORDER BY name, value;
