-- The beginning of each statement about availability: the offers that are named, or those of a
-- provider. The next files find every id that they had, and the statuses under each.
WITH RECURSIVE subject AS (
    SELECT offer_id, false AS is_gone FROM cards
    WHERE coalesce(list_contains($offers::VARCHAR[], offer_id), false)
       OR ($inference_provider::VARCHAR IS NOT NULL
           AND inference_provider = $inference_provider::VARCHAR AND offer_type = 'model')
)
