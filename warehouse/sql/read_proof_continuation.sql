-- The offer that an offer without a card continues as under another id, the last one first.
WITH RECURSIVE later AS (
    SELECT $offer_id::VARCHAR AS offer_id, '-infinity'::TIMESTAMPTZ AS "at",
           NULL::VARCHAR AS reason
    UNION
    SELECT l.new_offer_id, l."at", l.reason FROM offer_links l
    JOIN later s ON l.old_offer_id = s.offer_id AND l."at" > s."at"
)
SELECT l.offer_id, o.model_id, o.inference_provider, o.provider_model_id, l.reason, l."at"
FROM later l JOIN internal._ph_offer o USING (offer_id)
WHERE l.offer_id <> $offer_id
  AND (SELECT count(*) FROM cards c WHERE c.offer_id = $offer_id) = 0
ORDER BY o.gone_at IS NOT NULL, l."at" DESC, l.offer_id LIMIT 1;
