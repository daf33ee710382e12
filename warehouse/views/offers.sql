CREATE OR REPLACE VIEW offers AS
SELECT o.offer_id, o.source, o.model_id, o.inference_provider, o.task, o.provider_model_id,
       o.router_model, o.task_group, o.offer_type, o.adapter_rule_id, o.first_seen_at,
       coalesce(o.last_seen_at, s.seen_at) AS last_seen_at, o.gone_at
FROM internal._ph_offer o LEFT JOIN internal._ph_present s USING (offer_id);

COMMENT ON VIEW offers IS 'Every offer that was ever seen, one row each.';
COMMENT ON COLUMN offers.offer_id IS
    'Id of the offer: one model, task and name of it at one inference provider; never reused.';
COMMENT ON COLUMN offers.source IS 'Seller in whose catalogue the offer stands, like huggingface.';
COMMENT ON COLUMN offers.model_id IS 'Model id on the Hub, like org/model.';
COMMENT ON COLUMN offers.inference_provider IS 'Who runs the model, like novita.';
COMMENT ON COLUMN offers.task IS 'Task as the source names it, like conversational.';
COMMENT ON COLUMN offers.provider_model_id IS
    'The provider''s own name for the model; NULL: never stated, only the price list names the offer.';
COMMENT ON COLUMN offers.router_model IS
    'Name to call it by through the router, org/model:provider; NULL: the router does not serve this task.';
COMMENT ON COLUMN offers.task_group IS
    'What comes out: text, image, audio, video, embedding, or other.';
COMMENT ON COLUMN offers.offer_type IS
    'model: a model of its own; adapter: a small add-on (LoRA) that runs on another model.';
COMMENT ON COLUMN offers.adapter_rule_id IS
    'Id of the rule by which the provider serves this adapter; NULL: no adapter.';
COMMENT ON COLUMN offers.first_seen_at IS 'First answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.last_seen_at IS 'Last complete answer that listed the offer, UTC.';
COMMENT ON COLUMN offers.gone_at IS
    'First complete answer that no longer listed the offer, UTC; NULL: it is still offered.';
