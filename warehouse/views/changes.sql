CREATE OR REPLACE VIEW changes AS
SELECT c.change_id, c.event, c.offer_id, o.model_id,
       coalesce(o.inference_provider, c.inference_provider) AS inference_provider, o.task_group,
       c.unit, c.tier, c.old_amount, c.new_amount,
       CASE WHEN c.old_amount > 0
            THEN 100 * (c.new_amount::DOUBLE / c.old_amount::DOUBLE - 1) END AS change_pct,
       c.old_value, c.new_value, c.currency, c.not_before_at, c.occurred_at, c.recorded_at,
       c.run_id
FROM internal._ph_change c LEFT JOIN internal._ph_offer o USING (offer_id);

COMMENT ON VIEW changes IS
    'Everything that changed, in the order in which it was recorded: one row per event.';
COMMENT ON COLUMN changes.change_id IS
    'Number of the change; only grows, so the highest one read is a place to go on from.';
COMMENT ON COLUMN changes.event IS
    'What happened, like new, gone, up or corrected; provider_joined and provider_left are about a whole provider. docs/sql.md lists all.';
COMMENT ON COLUMN changes.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused; NULL: the change is about a whole provider.';
COMMENT ON COLUMN changes.model_id IS
    'Model id on the Hub, like org/model; NULL: the change is about a whole provider.';
COMMENT ON COLUMN changes.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN changes.task_group IS
    'What comes out: text, image, audio, video, embedding, or other; NULL: the change is about a whole provider.';
COMMENT ON COLUMN changes.unit IS
    'What the price is for, like input_token; NULL: the change is not about one price.';
COMMENT ON COLUMN changes.tier IS 'Price tier; NULL: the change is not about one price.';
COMMENT ON COLUMN changes.old_amount IS
    'Price of ONE unit before, in `currency`; NULL: there was none, or it is no change of price.';
COMMENT ON COLUMN changes.new_amount IS
    'Price of ONE unit now, or the refused one (held), in `currency`; NULL: none, or it is no change of price.';
COMMENT ON COLUMN changes.change_pct IS
    'Change of the price in percent of the old one; NULL: the old one was 0 or there are not two prices.';
COMMENT ON COLUMN changes.old_value IS
    'Status, price status, hold reason, offer id or source before, as the event has it; NULL: none.';
COMMENT ON COLUMN changes.new_value IS
    'Status, price status, hold reason, offer id or source now, as the event has it; NULL: none.';
COMMENT ON COLUMN changes.currency IS
    'Currency of the amounts, ISO 4217; NULL: it is no change of price.';
COMMENT ON COLUMN changes.not_before_at IS
    'Last answer that showed the former state, UTC: the change came after it; NULL: nothing was asked before.';
COMMENT ON COLUMN changes.occurred_at IS 'First answer that showed the new state, UTC.';
COMMENT ON COLUMN changes.recorded_at IS 'Start of the run that recorded this row, UTC.';
COMMENT ON COLUMN changes.run_id IS 'Run that recorded this row.';
