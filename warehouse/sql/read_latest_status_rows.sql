-- The last row about the start of each interval of an offer's status and abilities.
SELECT * EXCLUDE (log_id, run_id, recorded_at)
FROM internal._ph_status_log
QUALIFY row_number() OVER (PARTITION BY offer_id, valid_from ORDER BY log_id DESC) = 1
ORDER BY offer_id, valid_from;
