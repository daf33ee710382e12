INSERT INTO _ph_listing BY NAME SELECT * FROM fresh;
