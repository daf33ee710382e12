-- The offers that a client names: by id, or by model and provider; listed ones first.
SELECT offer_id, model_id, inference_provider, task, provider_model_id, gone_at
FROM offers
WHERE CASE WHEN $offer_id::VARCHAR IS NOT NULL THEN offer_id = $offer_id::VARCHAR
           ELSE model_id = $model_id::VARCHAR
                AND ($inference_provider::VARCHAR IS NULL
                     OR inference_provider = $inference_provider::VARCHAR)
                AND ($router_model::VARCHAR IS NULL OR router_model IS NOT NULL)
      END
ORDER BY gone_at IS NOT NULL, inference_provider, task, offer_id;
