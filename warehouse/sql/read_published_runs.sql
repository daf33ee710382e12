SELECT sequence, run_id FROM internal._ph_run WHERE published;
