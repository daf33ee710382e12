-- Every feed's claim about an offer's price, the chosen ones first, with its evidence.
SELECT unit, tier, feed, chosen, amount, currency, price_status, basis, reason, native_unit,
       raw_text, native_amount, native_quantity, formula, scope, valid_from, valid_to,
       not_before_at, last_seen_at, closed_by, recorded_at, superseded_at, rule_version, run_id,
       payload_hash, json_path, evidence
FROM price_claims WHERE offer_id = $offer_id
ORDER BY valid_to IS NOT NULL, NOT chosen, tier, unit, feed, valid_from DESC;
