-- What the catalogue states once a day of models, where it differs from what is stored.
CREATE OR REPLACE TEMP TABLE daily_model AS
SELECT model_id, library_name, licence, likes, downloads, parameters, gated, created_at, modified_at
FROM internal._ph_model LIMIT 0;
