INSERT INTO _ph_correction BY NAME SELECT * FROM fresh;
