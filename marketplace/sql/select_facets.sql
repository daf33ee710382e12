-- The number of cards that each value of a filter would leave, with all other filters unchanged.
SELECT 'total' AS facet, 'offers' AS value, count(*) FILTER (failed_filters = 0) AS n FROM counted
UNION ALL
SELECT 'total', 'models', count(DISTINCT model_id) FILTER (failed_filters = 0) FROM counted
UNION ALL
SELECT 'total', 'rankable', count(*) FILTER (failed_filters = 0 AND rankable) FROM counted
UNION ALL
SELECT 'task_group', task_group, count(*) FILTER (failed_filters = fails_task::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'task', task, count(*) FILTER (failed_filters = fails_task::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'region', region, count(*) FILTER (failed_filters = fails_region::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'inference_provider', inference_provider,
       count(*) FILTER (failed_filters = fails_inference_provider::INT) FROM counted GROUP BY ALL
UNION ALL
SELECT 'status', status, count(*) FILTER (failed_filters = fails_status::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'offer_type', offer_type, count(*) FILTER (failed_filters = fails_offer_type::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'price_status', price_status, count(*) FILTER (failed_filters = fails_priced_only::INT)
FROM counted GROUP BY ALL
UNION ALL
SELECT 'tag', tag, count(*) FILTER (failed_filters = fails_tag::INT)
FROM (SELECT unnest(compliance_tags) AS tag, failed_filters, fails_tag FROM counted) GROUP BY ALL
UNION ALL
SELECT 'tools', 'true', count(*) FILTER (failed_filters = fails_tools::INT AND supports_tools)
FROM counted
UNION ALL
SELECT 'structured_output', 'true',
       count(*) FILTER (
           failed_filters = fails_structured_output::INT AND supports_structured_output)
FROM counted
UNION ALL
SELECT 'priced_only', 'true',
       count(*) FILTER (
           failed_filters = fails_priced_only::INT AND price_status IN ('priced', 'free'))
FROM counted
UNION ALL
SELECT 'rankable_only', 'true',
       count(*) FILTER (failed_filters = fails_rankable_only::INT AND rankable)
FROM counted
ORDER BY facet, n DESC, value;
