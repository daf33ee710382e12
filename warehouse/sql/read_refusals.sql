SELECT * FROM _ph_refusal;
