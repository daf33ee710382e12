-- The last row about the start of each interval of a claim series.
SELECT * EXCLUDE (log_id, run_id, claim_run_id, recorded_at, rule_version), claim_run_id AS run_id
FROM internal._ph_claim_log
QUALIFY row_number() OVER (
    PARTITION BY offer_id, unit, tier, feed, valid_from ORDER BY log_id DESC) = 1
ORDER BY offer_id, unit, tier, feed, valid_from;
