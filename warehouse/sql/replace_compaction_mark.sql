DELETE FROM internal._ph_compacted;
INSERT INTO internal._ph_compacted
SELECT sequence FROM internal._ph_run ORDER BY sequence DESC LIMIT 1;
