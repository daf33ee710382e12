CREATE OR REPLACE VIEW compliance_claims AS SELECT * FROM internal._ph_compliance_claim;

COMMENT ON VIEW compliance_claims IS
    'What is publicly said about law, place and data of a provider: one row per statement, each with its page.';
COMMENT ON COLUMN compliance_claims.claim_id IS 'Id of the statement.';
COMMENT ON COLUMN compliance_claims.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN compliance_claims.claim IS
    'operator_jurisdiction, serving_region, retention, training_use, dpa (data processing agreement), or certification.';
COMMENT ON COLUMN compliance_claims.value IS
    'What is stated, in short; several places are separated by commas.';
COMMENT ON COLUMN compliance_claims.applies IS
    'default: to every customer; optional: if switched on; enterprise: under a contract of one''s own.';
COMMENT ON COLUMN compliance_claims.source_url IS 'Page that states it.';
COMMENT ON COLUMN compliance_claims.paraphrase IS 'What the page says, in our words.';
COMMENT ON COLUMN compliance_claims.checked_on IS 'Day on which the page was read.';
COMMENT ON COLUMN compliance_claims.expires_on IS
    'Day from which the statement no longer counts, by our own rule.';
COMMENT ON COLUMN compliance_claims.confidence IS
    'high, medium or low; a low one proves no region and no tag.';
COMMENT ON COLUMN compliance_claims.in_force IS
    'Whether it had not expired on the day of the last run, and its provider had not left Hugging Face by then (providers.left_on).';
