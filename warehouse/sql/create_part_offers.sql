-- The present offers of the models that a part of the answers names. One that ended is stated anew,
-- like one that was never seen: of all that ended in the years, an hour looks at none.
CREATE OR REPLACE TEMP TABLE part_offer AS
SELECT offer_id, model_id, router_model, task_group, offer_type, adapter_rule_id
FROM internal._ph_offer SEMI JOIN stated_name USING (model_id) WHERE gone_at IS NULL;
