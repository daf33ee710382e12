-- The rows that the cards of the part follow from, under the names of their tables: the views that
-- compute cards are defined of these once more.
CREATE TEMP TABLE _ph_listing AS
FROM internal._ph_listing SEMI JOIN temp._ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_claim AS FROM internal._ph_claim SEMI JOIN temp._ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_price AS FROM internal._ph_price SEMI JOIN temp._ph_offer USING (offer_id);
CREATE TEMP TABLE _ph_card AS FROM internal._ph_card SEMI JOIN temp._ph_offer USING (offer_id);
