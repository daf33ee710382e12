-- Of the offers of one part: the rows that their cards follow from, and then the cards.
CREATE TEMP TABLE _ph_listing AS FROM _ph_listing SEMI JOIN _ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_claim AS FROM _ph_claim SEMI JOIN _ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_price AS FROM _ph_price SEMI JOIN _ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_card AS FROM _ph_card SEMI JOIN _ph_offer USING (offer_id);
DELETE FROM _ph_card_facts WHERE offer_id IN (SELECT offer_id FROM _ph_offer);
INSERT INTO _ph_card_facts
FROM _ph_card_computed ORDER BY task_group, model_id, inference_provider, offer_id;
