-- The contenders in the order of a recommendation, then those that are left out, the nearest first.
-- Each row repeats the counts of all; without any contender there is one row, with the counts alone.
, counts AS (
    SELECT list({'reason': reason, 'n': n} ORDER BY n DESC, reason) AS left_out_counts
    FROM (SELECT reason, count(*) AS n
          FROM (SELECT unnest(string_split(reasons, ' ')) AS reason FROM contenders
                WHERE reasons <> '') GROUP BY reason)
), totals AS (
    SELECT count(*) FILTER (reasons = '') AS ranked_total,
           count(*) FILTER (reasons <> '') AS left_out_total
    FROM contenders
), ranked AS (
    SELECT * FROM contenders WHERE reasons = ''
    ORDER BY bill, throughput_tps DESC NULLS LAST, first_token_latency_ms NULLS LAST, model_id,
             inference_provider, offer_id
    LIMIT $count::INT
), left_out AS (
    SELECT * FROM contenders WHERE reasons <> ''
    ORDER BY length(reasons) - length(replace(reasons, ' ', '')), month_cost, model_id,
             inference_provider, offer_id
    LIMIT $left_out_count::INT
), routes AS (
    SELECT source, model_id, task,
           list(leads ORDER BY inference_provider, offer_id) FILTER (router_default)
               AS default_routes,
           list(leads ORDER BY inference_provider, offer_id) FILTER (router_cheapest)
               AS cheapest_routes
    FROM (SELECT *, {'offer_id': offer_id, 'route': model_id || ':' || inference_provider,
                     'cost_per_month': bill} AS leads
          FROM billed
          WHERE router_default IS NOT NULL AND model_id IN (SELECT model_id FROM ranked))
    GROUP BY ALL
), picked AS (
    SELECT n.offer_id, n.reasons = '' AS is_ranked, n.month_cost, n.bill,
           string_split(n.reasons, ' ') AS reasons, r.source IS NOT NULL AS is_routed,
           r.default_routes, r.cheapest_routes,
           row_number() OVER (
               PARTITION BY n.reasons = ''
               ORDER BY length(n.reasons) - length(replace(n.reasons, ' ', '')), n.month_cost,
                        CASE WHEN n.reasons = '' THEN n.throughput_tps END DESC NULLS LAST,
                        CASE WHEN n.reasons = '' THEN n.first_token_latency_ms END NULLS LAST,
                        n.model_id, n.inference_provider, n.offer_id) AS place
    FROM (FROM ranked UNION ALL FROM left_out) n
    LEFT JOIN routes r ON r.source = n.source AND r.model_id = n.model_id AND r.task = n.task
)
SELECT t.ranked_total, t.left_out_total, k.left_out_counts, x.*, c.* EXCLUDE (offer_id)
FROM totals t CROSS JOIN counts k
LEFT JOIN (picked x JOIN cards c ON c.offer_id = x.offer_id) ON true
ORDER BY x.is_ranked DESC, x.place;
