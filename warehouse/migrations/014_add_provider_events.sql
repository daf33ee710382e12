-- When Hugging Face added and removed a provider, by the registry of the run.
ALTER TABLE _ph_provider ADD COLUMN joined_on DATE;
ALTER TABLE _ph_provider ADD COLUMN left_on DATE;
ALTER TABLE _ph_provider ADD COLUMN left_source VARCHAR;
-- An event of a whole provider has its name and no offer.
ALTER TABLE _ph_change ADD COLUMN inference_provider VARCHAR;
ALTER TABLE _ph_change ALTER COLUMN offer_id DROP NOT NULL;
