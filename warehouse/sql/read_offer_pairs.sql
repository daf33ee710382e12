-- The links of the touched offers, each once: an offer may go back and forth between two ids. Both
-- offers of a link are touched.
SELECT DISTINCT old_offer_id, new_offer_id FROM internal._ph_offer_link SEMI JOIN touched_offer
ON old_offer_id = touched_offer.offer_id ORDER BY ALL;
