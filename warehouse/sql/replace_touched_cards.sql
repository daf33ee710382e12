-- The cards of the offers of one part.
DELETE FROM internal._ph_card_facts WHERE offer_id IN (SELECT offer_id FROM temp._ph_offer);
INSERT INTO internal._ph_card_facts
FROM temp._ph_card_computed ORDER BY model_id, inference_provider, offer_id;
