-- What the gate keeps while an offer is absent: a hold with its decision, and a correction.
-- First answer in which the source no longer stated the held value; NULL: it states it.
ALTER TABLE _ph_refusal ADD COLUMN absent_from TIMESTAMPTZ;
-- The feed that states the overridden value; NULL: recorded before feeds were kept.
ALTER TABLE _ph_correction ADD COLUMN overruled_feed VARCHAR;
ALTER TABLE _ph_correction ADD COLUMN absent_from TIMESTAMPTZ;
