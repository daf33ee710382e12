INSERT INTO _ph_price_log BY NAME SELECT * FROM fresh;
