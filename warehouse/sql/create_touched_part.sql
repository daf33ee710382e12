-- The offers of one part of the touched models, under the name of their table: a view reads a
-- temporary table before the stored one.
CREATE TEMP TABLE _ph_offer AS
FROM _ph_offer SEMI JOIN (FROM touched_group WHERE part = $part) USING (task_group, model_id);
