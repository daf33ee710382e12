-- The name that a model has today, of a name that it had before; NULL: this is its name.
ALTER TABLE _ph_model ADD COLUMN renamed_to VARCHAR;
