-- The contenders in the order of a recommendation, then those that are left out, the nearest first.
SELECT len(n.reasons) = 0 AS is_ranked,
       row_number() OVER (
           PARTITION BY len(n.reasons) = 0
           ORDER BY len(n.reasons), n.month_cost, n.throughput_tps DESC NULLS LAST,
                    n.first_token_latency_ms NULLS LAST, n.model_id, n.inference_provider,
                    n.offer_id) AS place,
       n.month_cost, n.bill, n.reasons, r.source IS NOT NULL AS is_routed,
       r.default_routes, r.cheapest_routes, c.*
FROM contenders n
JOIN cards c USING (offer_id)
LEFT JOIN routes r ON r.source = n.source AND r.model_id = n.model_id AND r.task = n.task
QUALIFY place <= CASE WHEN is_ranked THEN $count::INT ELSE $left_out_count::INT END
ORDER BY is_ranked DESC, place;
