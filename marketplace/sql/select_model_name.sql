-- The name that a model has today: of a name in any case, and of one that it had before.
WITH RECURSIVE later AS (
    SELECT offer_id, '-infinity'::TIMESTAMPTZ AS "at" FROM offers
    WHERE lower(model_id) = lower($model_id)
    UNION
    SELECT l.new_offer_id, l."at" FROM offer_links l
    JOIN later s ON l.old_offer_id = s.offer_id AND l."at" > s."at"
)
SELECT m.model_id
FROM later l JOIN offers o USING (offer_id) JOIN models m USING (model_id)
ORDER BY lower(m.model_id) <> lower($model_id), l."at" DESC, o.gone_at IS NOT NULL, m.model_id
LIMIT 1;
