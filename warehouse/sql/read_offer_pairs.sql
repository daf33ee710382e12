-- The links of the touched offers. Both offers of one are touched.
SELECT old_offer_id, new_offer_id FROM internal._ph_offer_link SEMI JOIN touched_offer
ON old_offer_id = touched_offer.offer_id ORDER BY ALL;
