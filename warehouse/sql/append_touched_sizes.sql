-- The models of another size than stored, by which the peers of a price are chosen.
INSERT INTO touched
SELECT model_id FROM daily_model d JOIN internal._ph_model m USING (model_id)
WHERE d.parameters IS DISTINCT FROM m.parameters;
