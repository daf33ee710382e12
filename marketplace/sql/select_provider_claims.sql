SELECT * FROM compliance_claims WHERE inference_provider = $inference_provider AND in_force
ORDER BY claim, applies, claim_id;
