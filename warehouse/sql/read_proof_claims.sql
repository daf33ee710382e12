SELECT unit, tier, feed, amount, currency, price_status, basis, reason, native_unit, raw_text,
       native_amount, native_quantity, formula, scope, valid_from, valid_to, last_seen_at,
       closed_by, recorded_at, rule_version, run_id, payload_hash, json_path, evidence, chosen,
       superseded_at, superseded_by_run
FROM price_claims
WHERE offer_id = $offer_id
ORDER BY unit, tier, recorded_at DESC, feed;
