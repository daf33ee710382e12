SELECT * FROM _ph_price;
