-- The rows of settled models with the daily facts that are stated now, where these differ.
SELECT m.* REPLACE (
    d.library_name AS library_name, d.licence AS licence, d.likes AS likes,
    d.downloads AS downloads, d.parameters AS parameters, d.gated AS gated,
    d.created_at AS created_at, d.modified_at AS modified_at)
FROM internal._ph_model m JOIN daily_model d USING (model_id) ANTI JOIN touched USING (model_id);
