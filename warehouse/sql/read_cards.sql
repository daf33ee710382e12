SELECT * FROM _ph_card;
