-- The beginning of each statement about the history of offers: $offers. The next file finds every id
-- that they had.
WITH RECURSIVE subject AS (
    SELECT offer_id, gone_at IS NOT NULL AS is_gone FROM offers
    WHERE list_contains($offers::VARCHAR[], offer_id)
)
