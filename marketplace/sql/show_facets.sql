-- How many cards each value of a filter would leave, all other filters as they are.
SELECT 'total' AS facet, 'offers' AS value, count(*) FILTER (fails = 0) AS n FROM counted
UNION ALL
SELECT 'total', 'models', count(DISTINCT model_id) FILTER (fails = 0) FROM counted
UNION ALL
SELECT 'total', 'rankable', count(*) FILTER (fails = 0 AND rankable) FROM counted
UNION ALL
SELECT 'task_group', task_group, count(*) FILTER (fails = off_task::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'task', task, count(*) FILTER (fails = off_task::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'region', region, count(*) FILTER (fails = off_region::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'inference_provider', inference_provider,
       count(*) FILTER (fails = off_inference_provider::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'status', status, count(*) FILTER (fails = off_status::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'offer_type', offer_type, count(*) FILTER (fails = off_offer_type::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'price_status', price_status, count(*) FILTER (fails = off_priced_only::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'tag', tag, count(*) FILTER (fails = off_tag::INT)
FROM (SELECT unnest(compliance_tags) AS tag, fails, off_tag FROM counted) GROUP BY ALL
UNION ALL
SELECT 'tools', 'true', count(*) FILTER (fails = off_tools::INT AND supports_tools) FROM counted
UNION ALL
SELECT 'structured_output', 'true',
       count(*) FILTER (fails = off_structured_output::INT AND supports_structured_output)
FROM counted
UNION ALL
SELECT 'priced_only', 'true',
       count(*) FILTER (fails = off_priced_only::INT AND price_status IN ('priced', 'free'))
FROM counted
UNION ALL
SELECT 'rankable_only', 'true', count(*) FILTER (fails = off_rankable_only::INT AND rankable)
FROM counted
ORDER BY facet, n DESC, value;
