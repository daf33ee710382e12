SELECT model_id,
       min_by(inference_provider, cost_per_token) AS cheapest,
       min(cost_per_token) * 1000000 AS low,
       max_by(inference_provider, cost_per_token) AS most_expensive,
       max(cost_per_token) * 1000000 AS high,
       round(max(cost_per_token)::DOUBLE / min(cost_per_token)::DOUBLE, 1) AS times
FROM cards WHERE rankable AND cost_per_token > 0
GROUP BY model_id HAVING count(*) > 1 AND max(cost_per_token) > min(cost_per_token)
ORDER BY times DESC, model_id LIMIT 5;
