-- Each route with its prices of now.
SELECT *, NULL AS intervals FROM route
ORDER BY CASE WHEN $by_provider THEN inference_provider END, model_id, inference_provider;
