-- The models that a run looks at; every other one is settled. And those that its answers name.
CREATE OR REPLACE TEMP TABLE touched (model_id VARCHAR);
CREATE OR REPLACE TEMP TABLE stated_model (model_id VARCHAR);
