-- Findings about the offer, and those about its whole provider that still wait for a decision.
SELECT c.check_id, c.name, c.severity, c.message, c.decision, c.decided_by, c.decided_at,
       c.decision_reason
FROM checks c
JOIN offers o ON o.offer_id = $offer_id
WHERE c.offer_id = o.offer_id
   OR (c.severity = 'hold' AND c.decision = 'pending' AND c.offer_id IS NULL
       AND c.inference_provider IS NOT DISTINCT FROM o.inference_provider)
ORDER BY c.severity = 'hold' DESC, c.name, c.unit, c.check_id;
