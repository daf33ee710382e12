SELECT run_id FROM internal._ph_run WHERE sequence = $sequence;
