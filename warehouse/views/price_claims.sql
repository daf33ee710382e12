CREATE OR REPLACE VIEW price_claims AS SELECT * FROM internal._ph_price_claims;

COMMENT ON VIEW price_claims IS
    'What every feed said about prices, also what cards never showed: intervals per offer, unit, tier and feed.';
COMMENT ON COLUMN price_claims.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_claims.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_claims.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_claims.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN price_claims.tier IS 'Price tier; standard where the source names none.';
COMMENT ON COLUMN price_claims.amount IS
    'Price of ONE unit in `currency`, kept to 12 significant digits; 0 only where stated free; NULL: not known or not shown (suspect, unparsed).';
COMMENT ON COLUMN price_claims.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN price_claims.price_status IS
    'priced, free, suspect (a zero not stated free), unparsed (cannot be read), or not_published (a list names it and states no price that counts).';
COMMENT ON COLUMN price_claims.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN price_claims.reason IS
    'Code for why no plain price is stated, or whose it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN price_claims.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN price_claims.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN price_claims.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN price_claims.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN price_claims.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN price_claims.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN price_claims.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_claims.valid_from IS
    'First answer of this feed that stated this price, UTC.';
COMMENT ON COLUMN price_claims.not_before_at IS
    'Last answer of this feed before `valid_from`, UTC; NULL: it had not answered before.';
COMMENT ON COLUMN price_claims.valid_to IS
    'First answer of this feed that no longer stated this price, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_claims.last_seen_at IS 'Last complete answer that stated this price, UTC.';
COMMENT ON COLUMN price_claims.closed_by IS
    'What ended it: change (another price), absence (no longer stated), or correction (ours); NULL: it still stands.';
COMMENT ON COLUMN price_claims.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_claims.feed IS 'Feed that stated the price.';
COMMENT ON COLUMN price_claims.rule_version IS
    'Version of our rules that turned the answer into this price.';
COMMENT ON COLUMN price_claims.run_id IS 'Run that recorded this row.';
COMMENT ON COLUMN price_claims.payload_hash IS
    'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN price_claims.json_path IS
    'Place of the statement in that answer, as a JSON path.';
COMMENT ON COLUMN price_claims.chosen IS
    'Whether cards show, or showed, this statement; else another feed went before it or a check refused it.';
COMMENT ON COLUMN price_claims.superseded_at IS
    'Start of the run that recorded the end of this statement, or a correction of it, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_claims.superseded_by_run IS
    'Run that recorded the end of this statement, or a correction of it; NULL: it still stands.';
COMMENT ON COLUMN price_claims.evidence IS
    'The source''s own JSON of the entry that states the price, unchanged; of a corrected price, the decision.';
