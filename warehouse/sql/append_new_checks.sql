-- A check with the id of an earlier one is the same check, so it is not appended again.
INSERT INTO internal._ph_check BY NAME
SELECT f.* FROM fresh f
WHERE NOT EXISTS (SELECT 1 FROM internal._ph_check c WHERE c.check_id = f.check_id);
