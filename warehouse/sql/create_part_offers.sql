-- The stored offers of the models that a part of the answers names.
CREATE OR REPLACE TEMP TABLE part_offer AS
SELECT offer_id, model_id, gone_at, router_model, task_group, offer_type, adapter_rule_id
FROM internal._ph_offer SEMI JOIN stated_name USING (model_id);
