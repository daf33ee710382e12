-- The statements behind the old and the new amount of changes: of that amount, the one with the
-- latest beginning by then.
WITH change AS (
    SELECT change_id, offer_id, unit, tier, old_amount, new_amount, occurred_at, recorded_at
    FROM changes WHERE list_contains($changes::BIGINT[], change_id) AND unit IS NOT NULL
), claim AS (
    SELECT offer_id, unit, tier, amount, valid_from AS observed_at, recorded_at AS claimed_at,
           chosen, feed, payload_hash, json_path
    FROM price_claims
    WHERE list_contains($offers::VARCHAR[], offer_id) AND basis IS DISTINCT FROM 'estimate'
), side AS (
    SELECT change_id, 'old' AS side, c.* EXCLUDE (change_id) FROM change c
    UNION ALL SELECT change_id, 'new', c.* EXCLUDE (change_id) FROM change c
)
SELECT s.change_id, s.side, k.observed_at, k.feed, k.payload_hash, k.json_path
FROM side s JOIN claim k USING (offer_id, unit, tier)
WHERE k.amount = CASE s.side WHEN 'old' THEN s.old_amount ELSE s.new_amount END
  AND k.claimed_at <= s.recorded_at
  AND CASE s.side WHEN 'old' THEN k.observed_at < s.occurred_at
                  ELSE k.observed_at <= s.occurred_at END
QUALIFY row_number() OVER (PARTITION BY s.change_id, s.side
                           ORDER BY k.observed_at DESC, k.chosen DESC, k.claimed_at DESC, k.feed) = 1;
