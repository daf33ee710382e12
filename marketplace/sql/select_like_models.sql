-- Models whose names are like one that no model has, the likeliest first: as a whole, by the part
-- after the organisation, or because they contain it. Names have letters and digits alone.
WITH names AS (
    SELECT model_id, regexp_replace(lower(model_id), '[^a-z0-9]+', '', 'g') AS whole,
           regexp_replace(lower(regexp_replace(model_id, '^.*/', '')), '[^a-z0-9]+', '', 'g') AS name
    FROM models
), scored AS (
    SELECT model_id, name, greatest(
               jaro_winkler_similarity(whole, $whole::VARCHAR),
               jaro_winkler_similarity(name, $name::VARCHAR),
               CASE WHEN length($name::VARCHAR) >= 4 AND contains(name, $name::VARCHAR)
                    THEN 0.95 END) AS likeness
    FROM names
)
SELECT model_id FROM scored WHERE likeness >= 0.82
ORDER BY likeness DESC, length(name), model_id LIMIT 3;
