-- An offer and those that it was called before: a name in it changed.
WITH RECURSIVE same AS (
    SELECT $offer_id::VARCHAR AS offer_id
    UNION
    SELECT l.old_offer_id FROM offer_links l JOIN same s ON l.new_offer_id = s.offer_id
)
SELECT offer_id FROM same;
