-- The models of which an answer of these feeds was stored, and which no answer names now.
INSERT INTO touched
SELECT DISTINCT o.model_id
FROM (
    SELECT offer_id FROM internal._ph_listing WHERE list_contains($feeds, feed)
    UNION
    SELECT offer_id FROM internal._ph_claim WHERE list_contains($feeds, feed)
) t JOIN internal._ph_offer o USING (offer_id) ANTI JOIN stated_model s USING (model_id)
WHERE o.gone_at IS NULL;
