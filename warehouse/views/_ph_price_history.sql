-- What cards showed: one series per offer, unit and tier, as macros read it.
CREATE OR REPLACE VIEW internal._ph_price_history AS
SELECT i.offer_id, o.model_id, o.inference_provider, i.unit, i.tier, i.amount, i.currency,
       i.price_status, i.basis, i.reason, i.native_unit, i.raw_text, i.native_amount,
       i.native_quantity, i.formula, i.scope, o.task_group, i.valid_from, i.not_before_at,
       i.valid_to,
       CASE WHEN i.next_kind IS NULL THEN s.seen_at ELSE i.last_shown_at END AS last_seen_at,
       CASE i.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        ELSE i.next_kind END AS closed_by,
       i.recorded_at, i.feed, i.rule_version, i.run_id, i.payload_hash, i.json_path
FROM internal._ph_price_interval i
JOIN internal._ph_offer o USING (offer_id)
LEFT JOIN internal._ph_price_seen s USING (offer_id, unit, tier)
WHERE i.kind IN ('seen', 'corrected');
