DELETE FROM internal._ph_price_end WHERE offer_id IN (FROM logged_offer);
INSERT INTO internal._ph_price_end FROM temp._ph_price_end_computed ORDER BY log_id;
DROP VIEW temp._ph_price_end_computed;
DROP TABLE temp._ph_price_log;
DROP TABLE logged_offer;
