-- What follows `subject` in each statement about offers over time: the ids that each of them had,
-- with the time (since, until) in which the id was that offer. A name can be another offer's later.
, link AS (
    SELECT old_offer_id, new_offer_id, "at",
           lag("at") OVER (PARTITION BY old_offer_id ORDER BY "at") AS left_before
    FROM offer_links
), departure AS (
    SELECT old_offer_id AS offer_id, max("at") AS left_at FROM offer_links GROUP BY old_offer_id
), traced AS (
    SELECT s.offer_id, s.offer_id AS earlier_id, CASE WHEN NOT s.is_gone THEN d.left_at END AS since,
           'infinity'::TIMESTAMPTZ AS until
    FROM subject s LEFT JOIN departure d USING (offer_id)
    UNION
    SELECT t.offer_id, l.old_offer_id, l.left_before, l."at"
    FROM traced t
    JOIN link l ON l.new_offer_id = t.earlier_id AND l."at" < t.until
               AND l."at" >= coalesce(t.since, '-infinity'::TIMESTAMPTZ)
)
