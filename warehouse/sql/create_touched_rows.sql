-- The rows that one part of the touched models' cards follows from, under the names of their tables:
-- a view reads a temporary table before the stored one.
CREATE OR REPLACE TEMP TABLE _ph_offer AS
SELECT o.* FROM main._ph_offer o JOIN touched_group g USING (task_group, model_id)
WHERE g.part = $part;
CREATE OR REPLACE TEMP TABLE _ph_listing AS
FROM main._ph_listing SEMI JOIN _ph_offer USING (offer_id);
CREATE OR REPLACE TEMP TABLE _ph_claim AS
FROM main._ph_claim SEMI JOIN _ph_offer USING (offer_id);
CREATE OR REPLACE TEMP TABLE _ph_price AS
FROM main._ph_price SEMI JOIN _ph_offer USING (offer_id);
CREATE OR REPLACE TEMP TABLE _ph_card AS
FROM main._ph_card SEMI JOIN _ph_offer USING (offer_id);
