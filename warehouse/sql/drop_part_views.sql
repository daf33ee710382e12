-- The views that compute the cards of a part, each before those that it reads.
DROP VIEW temp._ph_card_computed;
DROP VIEW temp._ph_route;
DROP VIEW temp._ph_estimate;
