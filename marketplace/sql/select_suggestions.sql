-- The names of models and providers that a search without a result may mean, the likeliest first.
WITH names AS (
    SELECT DISTINCT coalesce(model_name, model_id) AS name FROM models
    UNION
    SELECT DISTINCT coalesce(display_name, inference_provider) FROM providers WHERE offers > 0
), plain AS (
    SELECT name, regexp_replace(lower(name), '[^a-z0-9]+', '', 'g') AS squashed FROM names
), scored AS ( -- the whole name, or as much of its beginning as was typed
    SELECT name, squashed, greatest(
               jaro_winkler_similarity(squashed, $squashed::VARCHAR),
               jaro_winkler_similarity(left(squashed, length($squashed::VARCHAR)),
                                       $squashed::VARCHAR)) AS likeness
    FROM plain
)
SELECT name FROM scored WHERE likeness >= 0.87
ORDER BY likeness DESC, length(squashed), name LIMIT 3;
