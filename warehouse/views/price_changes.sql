CREATE OR REPLACE VIEW price_changes AS
SELECT * FROM changes
WHERE unit IS NOT NULL OR event IN ('held', 'released', 'corrected', 'became_suspect');

COMMENT ON VIEW price_changes IS 'Those rows of `changes` that are about prices.';
COMMENT ON COLUMN price_changes.change_id IS
    'Number of the change; only grows, so the highest one read is a place to go on from.';
COMMENT ON COLUMN price_changes.event IS
    'new, gone, back, relabelled, status, up, down, free_to_paid, paid_to_free, unit_changed, became_suspect, corrected, held, or released.';
COMMENT ON COLUMN price_changes.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN price_changes.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN price_changes.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN price_changes.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN price_changes.unit IS
    'What the price is for, like input_token; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN price_changes.tier IS
    'Price tier; NULL: the change is about the offer, not one price.';
COMMENT ON COLUMN price_changes.old_amount IS
    'Price of ONE unit before, in `currency`; NULL: there was none, or it is no change of price.';
COMMENT ON COLUMN price_changes.new_amount IS
    'Price of ONE unit now, or the refused one (held), in `currency`; NULL: none, or it is no change of price.';
COMMENT ON COLUMN price_changes.change_pct IS
    'Change of the price in percent of the old one; NULL: the old one was 0 or there are not two prices.';
COMMENT ON COLUMN price_changes.old_value IS
    'Status, price status, hold reason or offer id before, as the event has it; NULL: none.';
COMMENT ON COLUMN price_changes.new_value IS
    'Status, price status, hold reason or offer id now, as the event has it; NULL: none.';
COMMENT ON COLUMN price_changes.currency IS
    'Currency of the amounts, ISO 4217; NULL: it is no change of price.';
COMMENT ON COLUMN price_changes.not_before_at IS
    'Last answer that showed the former state, UTC: the change came after it; NULL: nothing was asked before.';
COMMENT ON COLUMN price_changes.occurred_at IS 'First answer that showed the new state, UTC.';
COMMENT ON COLUMN price_changes.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN price_changes.run_id IS 'Run that recorded this row.';
