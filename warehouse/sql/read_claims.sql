SELECT * FROM _ph_claim;
