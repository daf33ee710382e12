-- What is stated about cached input tokens of these offers; no row: nothing is.
SELECT offer_id, amount, currency, price_status, reason, basis, feed, observed_at, held
FROM prices
WHERE unit = 'cached_input_token' AND tier = 'standard'
  AND list_contains($offers::VARCHAR[], offer_id);
