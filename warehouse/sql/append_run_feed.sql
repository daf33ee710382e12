INSERT INTO _ph_run_feed BY NAME SELECT * FROM fresh;
