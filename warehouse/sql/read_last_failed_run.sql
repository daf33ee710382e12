SELECT run_id FROM runs WHERE outcome = 'failed' ORDER BY started_at DESC LIMIT 1;
