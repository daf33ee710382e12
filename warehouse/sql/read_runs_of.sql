SELECT run_id, sequence, finished_at FROM internal._ph_run
WHERE published AND list_contains($run_ids, run_id);
