INSERT INTO _ph_claim_log BY NAME SELECT * FROM fresh;
