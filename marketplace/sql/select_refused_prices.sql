-- The newer prices that a check holds back, for cards that show the last good price.
SELECT k.offer_id, k.unit, k.name, k.expected, k.observed, k.candidate_amount, k.message
FROM checks k JOIN cards c ON c.offer_id = k.offer_id AND c.hold_reason = k.name
WHERE c.held AND list_contains($offers::VARCHAR[], k.offer_id)
  AND k.decision IS NOT DISTINCT FROM 'pending'
  -- an additional price is held by itself, and a card does not show it
  AND coalesce(k.tier, 'standard') = 'standard'
  AND coalesce(k.unit NOT IN ('cached_input_token', 'cache_write_token', 'reasoning_token'), true)
QUALIFY row_number() OVER (PARTITION BY k.offer_id, k.unit ORDER BY k.run_id DESC) = 1
ORDER BY k.offer_id, k.unit;
