SELECT * FROM _ph_correction;
