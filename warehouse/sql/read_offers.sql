SELECT * FROM _ph_offer;
