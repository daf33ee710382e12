DELETE FROM _ph_compliance_claim;
INSERT INTO _ph_compliance_claim BY NAME SELECT * FROM fresh;
