SELECT * FROM _ph_model;
