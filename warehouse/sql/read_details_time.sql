SELECT max(observed_at) FROM internal._ph_run_feed
WHERE feed = 'hub' AND outcome IN ('complete', 'not_modified') AND details;
