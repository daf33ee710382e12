-- A page of the models that pass all filters, after the last row of the page before; those of which
-- the sorted value is not known come last. Names fall only where they are what is sorted by.
, placed AS (
    SELECT model_id, coalesce(number, 0.0) AS number, (number IS NULL)::INT AS place,
           $sort = 'model_id' AND $sign::INT < 0 AS falls
    FROM matched
), page AS (
    SELECT * FROM placed
    WHERE $after_model_id::VARCHAR IS NULL
       OR (place, number) > ($after_place::INT, $after_number::DOUBLE)
       OR ((place, number) = ($after_place::INT, $after_number::DOUBLE)
           AND CASE WHEN falls THEN model_id < $after_model_id::VARCHAR
                    ELSE model_id > $after_model_id::VARCHAR END)
    ORDER BY place, number, CASE WHEN falls THEN NULL ELSE model_id END,
             CASE WHEN falls THEN model_id END DESC
    LIMIT $count::INT
)
SELECT m.*, p.place AS at_place, p.number AS at_number
FROM page p JOIN models m USING (model_id)
ORDER BY p.place, p.number, CASE WHEN p.falls THEN NULL ELSE p.model_id END,
         CASE WHEN p.falls THEN p.model_id END DESC;
