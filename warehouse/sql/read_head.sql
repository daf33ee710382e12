SELECT sequence, run_id, migration, views FROM internal._ph_head;
