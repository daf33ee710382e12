DELETE FROM _ph_feed;
INSERT INTO _ph_feed BY NAME SELECT * FROM fresh;
