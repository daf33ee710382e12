-- All offers ever of the touched models, and the present ones of the others: no other one has a row
-- of what is so now.
CREATE OR REPLACE TEMP TABLE touched_offer AS
SELECT DISTINCT offer_id FROM internal._ph_offer SEMI JOIN touched USING (model_id);
CREATE OR REPLACE TEMP VIEW settled_offer AS
FROM internal._ph_offer ANTI JOIN touched_offer USING (offer_id) WHERE gone_at IS NULL;
