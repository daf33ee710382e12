SELECT severity, name, decision, decided_by, decided_at FROM checks WHERE check_id = $check_id;
