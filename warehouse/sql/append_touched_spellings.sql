-- The stored names that are one spelling beside each other. Numbers are grouped, because the texts
-- of all names would take several times as long.
INSERT INTO touched
SELECT model_id FROM internal._ph_model WHERE renamed_to IS NULL AND hash(lower(model_id)) IN (
    SELECT hash(lower(model_id)) FROM internal._ph_model WHERE renamed_to IS NULL
    GROUP BY ALL HAVING count(*) > 1
);
