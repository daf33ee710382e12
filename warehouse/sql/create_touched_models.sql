-- The models that a run looks at; every other one is settled.
CREATE OR REPLACE TEMP TABLE touched (model_id VARCHAR);
