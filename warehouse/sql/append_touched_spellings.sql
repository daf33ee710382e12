-- The stored names that are one spelling beside each other.
INSERT INTO touched
SELECT unnest(list(model_id)) FROM internal._ph_model WHERE renamed_to IS NULL
GROUP BY lower(model_id) HAVING count(*) > 1;
