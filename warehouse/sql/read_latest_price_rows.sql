-- The last row about the start of each interval of a price series.
SELECT * EXCLUDE (log_id, run_id, claim_run_id, recorded_at, rule_version), claim_run_id AS run_id
FROM internal._ph_price_log
QUALIFY row_number() OVER (
    PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) = 1
ORDER BY offer_id, unit, tier, valid_from;
