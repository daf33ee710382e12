-- The ids that the traced offers had.
SELECT DISTINCT earlier_id AS offer_id FROM traced ORDER BY offer_id;
