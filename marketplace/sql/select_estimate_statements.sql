-- The statements behind the estimates of offers.
SELECT offer_id, payload_hash, json_path, coalesce(last_seen_at, valid_from) AS observed_at
FROM price_claims
WHERE list_contains($offers::VARCHAR[], offer_id) AND basis = 'estimate' AND superseded_at IS NULL
  AND amount IS NOT NULL
ORDER BY offer_id, feed, unit, tier;
