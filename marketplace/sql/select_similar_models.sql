-- The models whose names are most like one that is unknown.
SELECT model_id FROM models
ORDER BY contains(lower(model_id), lower($name)) DESC,
         jaro_winkler_similarity(lower(model_id), lower($name)) DESC, model_id
LIMIT 3;
