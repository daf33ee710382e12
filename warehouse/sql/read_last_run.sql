SELECT run_id, sequence, finished_at, flow = 'revise' AND outcome = 'published'
FROM internal._ph_run ORDER BY sequence DESC LIMIT 1;
