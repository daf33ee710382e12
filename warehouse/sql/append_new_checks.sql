-- A check with the id of an earlier one is the same check, so it is not appended again. Few are
-- fresh: the ids of all years are looked up among them, not the other way round.
INSERT INTO internal._ph_check BY NAME
SELECT f.* FROM fresh f
WHERE f.check_id NOT IN (
    SELECT c.check_id FROM internal._ph_check c
    WHERE c.check_id IN (SELECT check_id FROM fresh)
);
