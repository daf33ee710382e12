SELECT offer_id, model_id, inference_provider, task, hold_reason, held_since
FROM cards WHERE held ORDER BY held_since DESC, model_id, inference_provider LIMIT 100;
