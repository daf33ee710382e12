SELECT max(observed_at) FROM _ph_run_feed WHERE feed = 'hub' AND outcome IN ('complete', 'not_modified') AND details;
