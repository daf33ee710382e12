-- The interval of a price series in which a moment lies, as it was logged.
SELECT * EXCLUDE (log_id, claim_run_id, kind, recorded_at, rule_version, next_kind, last_shown_at),
       valid_to IS NULL AS is_open
FROM internal._ph_price_interval
WHERE offer_id = $offer_id AND unit = $unit AND tier = $tier AND kind IN ('seen', 'corrected')
  AND valid_from <= $moment AND (valid_to IS NULL OR $moment < valid_to);
