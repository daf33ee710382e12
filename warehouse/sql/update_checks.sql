-- A finding that expires loses the name of whoever decided it before.
UPDATE internal._ph_check c
SET decision = d.decision, decided_by = d.decided_by, decided_at = d.decided_at,
    decision_reason = d.decision_reason
FROM decided d WHERE c.check_id = d.check_id;
