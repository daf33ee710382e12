SELECT count(*) FROM _ph_run
WHERE published AND sequence > (SELECT coalesce(max(sequence), 0) FROM _ph_compacted);
