-- In a publication cards are stored, not derived at each query: readers ask them all the time, and
-- no row of a publication ever changes. The view `cards` reads them by name, comments and all.
CREATE TABLE _ph_cards_stored AS
SELECT * FROM _ph_cards ORDER BY task_group, model_id, inference_provider, offer_id;
DROP VIEW _ph_cards;
ALTER TABLE _ph_cards_stored RENAME TO _ph_cards;
CHECKPOINT;
