-- The views first, which read the tables.
DROP VIEW temp._ph_card_computed;
DROP VIEW temp._ph_route;
DROP VIEW temp._ph_estimate;
DROP TABLE temp._ph_listing;
DROP TABLE temp._ph_claim;
DROP TABLE temp._ph_price;
DROP TABLE temp._ph_card;
DROP TABLE temp._ph_offer;
