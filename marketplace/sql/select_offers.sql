-- A page of the cards in their order, after the last row of the page before.
, page AS (
    SELECT * FROM placed
    WHERE $after_offer_id::VARCHAR IS NULL
       OR (place, unit, number, model_id, inference_provider, offer_id)
        > ($after_place::INT, $after_unit::INT, $after_number::DOUBLE, $after_model_id::VARCHAR,
           $after_inference_provider::VARCHAR, $after_offer_id::VARCHAR)
    ORDER BY place, unit, number, model_id, inference_provider, offer_id
    LIMIT $count::INT
)
SELECT c.*, p.place AS at_place, p.unit AS at_unit, p.number AS at_number
FROM page p JOIN cards c USING (offer_id, model_id) -- by model, in whose order cards are stored
ORDER BY p.place, p.unit, p.number, p.model_id, p.inference_provider, p.offer_id;
