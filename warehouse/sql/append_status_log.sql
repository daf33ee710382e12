INSERT INTO _ph_status_log BY NAME SELECT * FROM fresh;
