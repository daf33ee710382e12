DELETE FROM _ph_compacted;
INSERT INTO _ph_compacted SELECT sequence FROM _ph_run ORDER BY sequence DESC LIMIT 1;
