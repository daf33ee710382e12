-- The offers of one part of the touched models.
SELECT o.*
FROM internal._ph_offer o
SEMI JOIN (FROM touched_group WHERE part = $part) USING (task_group, model_id);
