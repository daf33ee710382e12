SELECT event, model_id, inference_provider, unit,
       coalesce(rtrim(rtrim((old_amount * 1000000)::DECIMAL(38,12)::VARCHAR, '0'), '.'), old_value)
           AS was,
       coalesce(rtrim(rtrim((new_amount * 1000000)::DECIMAL(38,12)::VARCHAR, '0'), '.'), new_value)
           AS is_now
FROM changes
WHERE run_id = (SELECT max(run_id) FROM changes)
ORDER BY event IN ('new', 'gone'), event, change_id LIMIT 25;
