CREATE OR REPLACE TEMP TABLE touched_offer (offer_id VARCHAR);
