-- The beginning of each statement about the history of offers: the ids that each of $offers had,
-- with the time (since, until) in which the id was that offer. A name can be another offer's later.
WITH RECURSIVE link AS (
    SELECT old_offer_id, new_offer_id, "at",
           lag("at") OVER (PARTITION BY old_offer_id ORDER BY "at") AS left_before
    FROM offer_links
), departure AS (
    SELECT old_offer_id AS offer_id, max("at") AS left_at FROM offer_links GROUP BY old_offer_id
), traced AS (
    SELECT o.offer_id, CASE WHEN o.gone_at IS NULL THEN d.left_at END AS since,
           'infinity'::TIMESTAMPTZ AS until
    FROM offers o LEFT JOIN departure d USING (offer_id)
    WHERE list_contains($offers::VARCHAR[], o.offer_id)
    UNION
    SELECT l.old_offer_id, l.left_before, l."at"
    FROM traced t
    JOIN link l ON l.new_offer_id = t.offer_id AND l."at" < t.until
               AND l."at" >= coalesce(t.since, '-infinity'::TIMESTAMPTZ)
)
