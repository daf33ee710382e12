-- Every claim of every feed; one that was corrected or revised has the time and the run of that.
CREATE OR REPLACE VIEW internal._ph_price_claims AS
WITH stated AS (
    SELECT *, greatest(lead(valid_from) OVER series, valid_from) AS valid_to,
           lead(kind) OVER series AS next_kind, lead(not_before_at) OVER series AS last_shown_at,
           lead(recorded_at) OVER series AS next_at, lead(run_id) OVER series AS next_run
    FROM internal._ph_claim_log
    WINDOW series AS (PARTITION BY offer_id, unit, tier, feed ORDER BY valid_from, log_id)
), chosen_claims AS (
    SELECT DISTINCT offer_id, unit, tier, feed, claim_run_id FROM internal._ph_price_log
    WHERE kind IN ('seen', 'corrected')
)
SELECT s.offer_id, o.model_id, o.inference_provider, s.unit, s.tier, s.amount, s.currency,
       s.price_status, s.basis, s.reason, s.native_unit, s.raw_text, s.native_amount,
       s.native_quantity, s.formula, s.scope, o.task_group, s.valid_from, s.not_before_at,
       CASE WHEN s.next_kind IS NOT NULL THEN s.valid_to END AS valid_to,
       CASE WHEN s.next_kind IS NULL THEN seen.seen_at ELSE s.last_shown_at END AS last_seen_at,
       CASE s.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        WHEN 'void' THEN 'correction' ELSE s.next_kind END AS closed_by,
       s.recorded_at, s.feed, s.rule_version, s.run_id, s.payload_hash, s.json_path,
       chosen_claims.offer_id IS NOT NULL AS chosen,
       greatest(s.next_at, CASE WHEN s.next_at IS NOT NULL THEN s.recorded_at END)
           AS superseded_at,
       CASE WHEN s.next_at > s.recorded_at THEN s.next_run
            WHEN s.next_at IS NOT NULL THEN s.run_id END AS superseded_by_run, s.evidence
FROM stated s
JOIN internal._ph_offer o USING (offer_id)
LEFT JOIN internal._ph_seen seen USING (offer_id, feed)
LEFT JOIN chosen_claims USING (offer_id, unit, tier, feed, claim_run_id)
WHERE s.kind IN ('seen', 'corrected');
