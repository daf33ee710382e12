SELECT run_id, sequence, finished_at FROM _ph_run ORDER BY sequence DESC LIMIT 1;
