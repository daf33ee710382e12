INSERT INTO _ph_provider BY NAME SELECT * FROM fresh;
