INSERT INTO _ph_speed_log BY NAME SELECT * FROM fresh;
