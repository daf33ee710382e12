CREATE OR REPLACE VIEW price_history AS SELECT * FROM internal._ph_price_history;

COMMENT ON VIEW price_history IS
    'What cards showed and when: intervals [valid_from, valid_to) per offer, unit and tier that never overlap.';
COMMENT ON COLUMN price_history.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_history.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_history.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_history.unit IS 'What the price is for, like input_token or output_token.';
COMMENT ON COLUMN price_history.tier IS 'Price tier; standard where the source names none.';
COMMENT ON COLUMN price_history.amount IS
    'Price of ONE unit in `currency`, kept to 12 significant digits; 0 only where stated free; NULL: not known or not shown (suspect, unparsed).';
COMMENT ON COLUMN price_history.currency IS 'Currency of the amounts, ISO 4217.';
COMMENT ON COLUMN price_history.price_status IS
    'priced, free (the source says so), suspect (not shown), unparsed (cannot be read), or not_published (the source states that it offers none).';
COMMENT ON COLUMN price_history.basis IS
    'list: as the source states it; derived: calculated from what it states; estimate: our own guess.';
COMMENT ON COLUMN price_history.reason IS
    'Code for why the status is suspect or unparsed, or whose price it is (price_of_adapter_rule); NULL: nothing to explain.';
COMMENT ON COLUMN price_history.native_unit IS 'Unit in which the source states the price.';
COMMENT ON COLUMN price_history.raw_text IS
    'The number exactly as the source wrote it; NULL: no readable number.';
COMMENT ON COLUMN price_history.native_amount IS
    'The stated number in `currency`, per `native_quantity` of `native_unit`; NULL: no readable number.';
COMMENT ON COLUMN price_history.native_quantity IS
    'How many native units the stated number is for, like 1000000.';
COMMENT ON COLUMN price_history.formula IS
    'How `amount` follows from the stated number; NULL: they are the same.';
COMMENT ON COLUMN price_history.scope IS
    'public: anybody is offered this price; account: only the account that asked.';
COMMENT ON COLUMN price_history.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_history.valid_from IS 'First answer that showed this price, UTC.';
COMMENT ON COLUMN price_history.not_before_at IS
    'Last answer before `valid_from`, which did not show it yet, UTC; NULL: nothing was asked before.';
COMMENT ON COLUMN price_history.valid_to IS
    'First answer that no longer showed this price, UTC; NULL: it still stands.';
COMMENT ON COLUMN price_history.last_seen_at IS 'Last complete answer that showed this price, UTC.';
COMMENT ON COLUMN price_history.closed_by IS
    'What ended it: change (another price), absence (no longer stated), or correction (ours); NULL: it still stands.';
COMMENT ON COLUMN price_history.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_history.feed IS 'Feed that stated the price.';
COMMENT ON COLUMN price_history.rule_version IS
    'Version of our rules that turned the answer into this price.';
COMMENT ON COLUMN price_history.run_id IS 'Run that recorded this row.';
COMMENT ON COLUMN price_history.payload_hash IS
    'sha256, in hex, of the raw answer that stated this.';
COMMENT ON COLUMN price_history.json_path IS
    'Place of the statement in that answer, as a JSON path.';
