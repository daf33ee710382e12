-- The stored names that are one of these in any spelling, or the name of today of such a one: all
-- from which follows whose names these are today.
CREATE OR REPLACE TEMP TABLE named_model AS
WITH named AS (
    SELECT renamed_to FROM internal._ph_model
    WHERE lower(model_id) IN (SELECT lower(model_id) FROM written)
)
SELECT model_id, hub_id, renamed_to, first_seen_at FROM internal._ph_model
WHERE lower(model_id) IN (
    SELECT lower(model_id) FROM written
    UNION ALL SELECT lower(renamed_to) FROM named WHERE renamed_to IS NOT NULL
);
