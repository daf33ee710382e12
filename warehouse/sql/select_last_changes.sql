WITH change AS (
    SELECT *, CASE WHEN unit LIKE '%\_token' ESCAPE '\' THEN 1000000 ELSE 1 END AS per
    FROM changes
    WHERE run_id = (SELECT max(run_id) FROM changes)
)
SELECT event, model_id, inference_provider, unit,
       coalesce(rtrim(rtrim((old_amount * per)::DECIMAL(38,12)::VARCHAR, '0'), '.'), old_value)
           AS was,
       coalesce(rtrim(rtrim((new_amount * per)::DECIMAL(38,12)::VARCHAR, '0'), '.'), new_value)
           AS is_now
FROM change
ORDER BY event IN ('new', 'gone'), event, change_id LIMIT 25;
