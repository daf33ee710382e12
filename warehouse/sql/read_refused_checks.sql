-- The findings behind what the gate refuses now.
SELECT c.* EXCLUDE (decided_by, decided_at, decision_reason)
FROM internal._ph_check c WHERE c.check_id IN (SELECT check_id FROM internal._ph_refusal);
