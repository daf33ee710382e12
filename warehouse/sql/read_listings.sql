SELECT * FROM _ph_listing;
