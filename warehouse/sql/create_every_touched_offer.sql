CREATE OR REPLACE TEMP TABLE touched_offer AS SELECT offer_id FROM internal._ph_offer;
