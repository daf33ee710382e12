-- Which of these names are those of models.
SELECT model_id FROM models WHERE list_contains($models::VARCHAR[], model_id);
