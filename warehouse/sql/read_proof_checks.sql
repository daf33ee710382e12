-- Findings about the offer, also under an earlier id of it; of those about its whole provider what
-- is refused now; of those about the small providers of a feed together the one that holds it.
SELECT c.check_id, c.name, c.severity, c.message, c.decision, c.decided_by, c.decided_at,
       c.decision_reason, n.started_at AS found_at
FROM checks c
JOIN runs n USING (run_id)
JOIN internal._ph_offer o ON o.offer_id = $offer_id
LEFT JOIN cards d ON d.offer_id = o.offer_id
LEFT JOIN internal._ph_refusal r ON r.check_id = c.check_id
WHERE c.offer_id = o.offer_id
   OR r.offer_id = o.offer_id
   OR (r.check_id IS NOT NULL AND r.offer_id IS NULL AND r.decision <> 'accepted'
       AND (r.inference_provider = o.inference_provider
            OR (r.inference_provider IS NULL AND d.hold_reason = r.name)))
ORDER BY c.severity = 'hold' DESC, c.name, c.unit, c.check_id;
