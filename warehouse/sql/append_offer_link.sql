INSERT INTO _ph_offer_link BY NAME SELECT * FROM fresh;
