-- Models whose names are like one that no model has.
SELECT model_id FROM models
ORDER BY jaro_winkler_similarity(lower(model_id), lower($model_id)) DESC, model_id LIMIT 3;
