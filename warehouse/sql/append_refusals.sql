INSERT INTO _ph_refusal BY NAME SELECT * FROM fresh;
