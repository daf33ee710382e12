-- Rankable text offers with a cost per token and a measured speed: the points of the chart.
SELECT offer_id, model_id, inference_provider, task, cost_per_token, throughput_tps, region
FROM counted
WHERE failed_filters = 0 AND rankable AND cost_per_token IS NOT NULL AND throughput_tps IS NOT NULL
  AND task_group = 'text'
ORDER BY cost_per_token, throughput_tps DESC, model_id, inference_provider LIMIT 400;
