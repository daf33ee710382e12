-- The models of which the catalogue states another id of the repository, another type, or that it
-- writes otherwise than before; and names of one repository or one spelling beside each other.
INSERT INTO touched
SELECT m.model_id FROM internal._ph_model m JOIN catalog c USING (model_id)
WHERE m.pipeline_tag IS DISTINCT FROM c.pipeline_tag
   OR (c.hub_id IS NOT NULL AND m.hub_id IS DISTINCT FROM c.hub_id)
UNION ALL
SELECT unnest([m.model_id, c.model_id]) FROM internal._ph_model m JOIN catalog c USING (hub_id)
WHERE m.model_id <> c.model_id AND m.renamed_to IS NULL
UNION ALL
SELECT unnest([m.model_id, c.model_id])
FROM internal._ph_model m JOIN catalog c ON lower(m.model_id) = lower(c.model_id)
WHERE m.model_id <> c.model_id AND m.renamed_to IS NULL
UNION ALL
SELECT unnest(list(model_id)) FROM internal._ph_model WHERE renamed_to IS NULL
GROUP BY lower(model_id) HAVING count(*) > 1;
