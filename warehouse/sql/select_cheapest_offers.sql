SELECT task_group, model_id, inference_provider, region,
       cost_per_input_token * 1000000 AS input, cost_per_output_token * 1000000 AS output,
       cost_per_token * 1000000 AS blended
FROM cards
WHERE rankable AND cost_per_token IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY task_group ORDER BY cost_per_token, model_id, inference_provider) <= 5
ORDER BY task_group, cost_per_token, model_id, inference_provider;
