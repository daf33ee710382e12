INSERT INTO daily_model
SELECT c.model_id, c.library_name, c.licence, c.likes, c.downloads, c.parameters, c.gated,
       c.created_at, c.modified_at
FROM catalog c JOIN internal._ph_model m USING (model_id)
WHERE c.library_name IS DISTINCT FROM m.library_name OR c.licence IS DISTINCT FROM m.licence
   OR c.likes IS DISTINCT FROM m.likes OR c.downloads IS DISTINCT FROM m.downloads
   OR c.parameters IS DISTINCT FROM m.parameters OR c.gated IS DISTINCT FROM m.gated
   OR c.created_at IS DISTINCT FROM m.created_at OR c.modified_at IS DISTINCT FROM m.modified_at;
