-- A check that says what an earlier one said is the same check: it is remembered, not repeated.
INSERT INTO _ph_check BY NAME
SELECT f.* FROM fresh f
WHERE NOT EXISTS (SELECT 1 FROM _ph_check c WHERE c.check_id = f.check_id);
