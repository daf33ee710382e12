-- The id of an offer and the ids that it had before one of its names changed.
WITH RECURSIVE same AS (
    SELECT $offer_id::VARCHAR AS offer_id
    UNION
    SELECT l.old_offer_id FROM offer_links l JOIN same s ON l.new_offer_id = s.offer_id
)
SELECT offer_id FROM same;
