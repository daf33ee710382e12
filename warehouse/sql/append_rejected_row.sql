INSERT INTO _ph_rejected_row BY NAME SELECT * FROM fresh;
