SELECT * FROM _ph_provider;
