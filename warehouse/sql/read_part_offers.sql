-- The offers of one part of the touched models.
FROM internal._ph_offer
SEMI JOIN (FROM touched_group WHERE part = $part) USING (task_group, model_id);
