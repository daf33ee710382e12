-- How many cards come before a page, and the last of them that is not on the page before it: that
-- page begins after it. Without such a card the page before is the first.
, earlier AS (
    SELECT *, row_number() OVER (ORDER BY place DESC, unit DESC, number DESC, model_id DESC,
                                 inference_provider DESC, offer_id DESC) AS back
    FROM placed
    WHERE (place, unit, number, model_id, inference_provider, offer_id)
       <= ($after_place::INT, $after_unit::INT, $after_number::DOUBLE, $after_model_id::VARCHAR,
           $after_inference_provider::VARCHAR, $after_offer_id::VARCHAR)
)
SELECT n.cards_before, e.place AS at_place, e.unit AS at_unit, e.number AS at_number, e.model_id,
       e.inference_provider, e.offer_id
FROM (SELECT count(*) AS cards_before FROM earlier) n
LEFT JOIN (SELECT * FROM earlier WHERE back = $count::INT) e ON true;
