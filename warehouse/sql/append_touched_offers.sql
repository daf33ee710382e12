INSERT INTO touched_offer
SELECT offer_id FROM changed_offer
UNION
SELECT offer_id FROM internal._ph_offer SEMI JOIN changed_provider USING (inference_provider);
