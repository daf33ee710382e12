UPDATE internal._ph_head
SET sequence = $sequence, run_id = $run_id, migration = $migration, views = $views
WHERE run_id IS NOT DISTINCT FROM $expected;
