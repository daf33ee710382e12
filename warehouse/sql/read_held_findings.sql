-- What is held and waits for a decision, with the sentence of its check.
SELECT r.check_id, r.name, r.feed, r.inference_provider, o.model_id, r.unit, r.tier,
       any_value(c.message) AS message
FROM internal._ph_refusal r
LEFT JOIN internal._ph_offer o USING (offer_id)
LEFT JOIN internal._ph_check c USING (check_id)
WHERE r.decision = 'pending'
GROUP BY ALL ORDER BY r.check_id;
