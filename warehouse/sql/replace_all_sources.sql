DELETE FROM _ph_source;
INSERT INTO _ph_source BY NAME SELECT * FROM fresh;
