-- The ids that the traced offers had.
SELECT DISTINCT offer_id FROM traced ORDER BY offer_id;
