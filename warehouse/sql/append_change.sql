INSERT INTO _ph_change BY NAME SELECT * FROM fresh;
