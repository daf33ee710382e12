-- The publication, the cards that it shows (each once, and each with its row of _ph_card), and the
-- offers that are present: the numbers must be equal.
WITH present AS (
    SELECT count(*) AS offers FROM internal._ph_offer WHERE gone_at IS NULL
), found AS (
    SELECT count(*) AS cards, count(k.offer_id) AS whole
    FROM cards c LEFT JOIN internal._ph_card k USING (offer_id)
)
SELECT (SELECT publication_id FROM publication),
       CASE WHEN whole < offers THEN whole ELSE cards END, offers
FROM present, found;
