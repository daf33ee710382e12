SELECT count(*) FROM internal._ph_run
WHERE published AND sequence > (SELECT coalesce(max(sequence), 0) FROM internal._ph_compacted);
