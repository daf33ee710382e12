-- So that their names are those of the stored tables again.
DROP TABLE temp._ph_listing;
DROP TABLE temp._ph_claim;
DROP TABLE temp._ph_price;
DROP TABLE temp._ph_card;
DROP TABLE temp._ph_offer;
