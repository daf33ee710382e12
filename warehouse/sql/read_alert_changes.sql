-- The events of one run that open an alert, or undo one.
SELECT c.event, c.offer_id, c.unit, c.old_amount, c.new_amount, c.currency, o.model_id,
       coalesce(c.inference_provider, o.inference_provider) AS inference_provider
FROM internal._ph_change c LEFT JOIN internal._ph_offer o USING (offer_id)
WHERE c.run_id = $run_id AND (
    c.event IN ('provider_left', 'provider_joined')
    OR c.tier = 'standard'
       AND c.event IN ('up', 'down', 'free_to_paid', 'paid_to_free'))
ORDER BY c.change_id;
