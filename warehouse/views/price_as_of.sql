-- What each price was at `ts`, as far as was recorded by `known_at`. Inside a gap: the last known.
-- With `known_at`, last_seen_at of a price that was still valid then is NULL: the log lacks it.
CREATE OR REPLACE MACRO price_as_of(ts, known_at := NULL) AS TABLE
WITH latest AS (
    SELECT * FROM internal._ph_price_log l WHERE l.recorded_at <= known_at
    QUALIFY row_number() OVER (
        PARTITION BY l.offer_id, l.unit, l.tier, l.valid_from ORDER BY l.log_id DESC) = 1
), known AS (
    -- as known now, the ends of intervals are stored
    FROM internal._ph_price_interval WHERE known_at IS NULL
    UNION ALL BY NAME
    SELECT *, lead(w.valid_from) OVER series AS valid_to, lead(w.kind) OVER series AS next_kind,
           lead(w.not_before_at) OVER series AS last_shown_at
    FROM latest w WHERE w.kind <> 'void'
    WINDOW series AS (PARTITION BY w.offer_id, w.unit, w.tier ORDER BY w.valid_from)
)
SELECT k.offer_id, o.model_id, o.inference_provider, k.unit, k.tier, k.amount, k.currency,
       k.price_status, k.basis, k.reason, k.native_unit, k.raw_text, k.native_amount,
       k.native_quantity, k.formula, k.scope, o.task_group, k.valid_from, k.not_before_at,
       k.valid_to,
       CASE WHEN k.next_kind IS NOT NULL THEN k.last_shown_at
            WHEN known_at IS NULL THEN s.seen_at END AS last_seen_at,
       CASE k.next_kind WHEN 'seen' THEN 'change' WHEN 'corrected' THEN 'correction'
                        ELSE k.next_kind END AS closed_by,
       k.recorded_at, k.feed, k.rule_version, k.run_id, k.payload_hash, k.json_path,
       EXISTS (SELECT 1 FROM internal._ph_gap g JOIN internal._ph_run r ON r.run_id = g.run_id
               WHERE g.feed = k.feed AND g.from_at < ts AND ts < g.to_at
                 AND (known_at IS NULL OR r.started_at <= known_at)) AS in_gap
FROM known k
JOIN internal._ph_offer o ON o.offer_id = k.offer_id
LEFT JOIN internal._ph_price_seen s
    ON s.offer_id = k.offer_id AND s.unit = k.unit AND s.tier = k.tier
-- without a moment there would be no rows, as if no price were known
WHERE k.kind IN ('seen', 'corrected')
  AND k.valid_from <= coalesce(ts, error('ts is NULL; it must be a time')::TIMESTAMPTZ)
  AND (k.valid_to IS NULL OR ts < k.valid_to);

COMMENT ON MACRO TABLE price_as_of IS
    'What each price was at `ts`, as far as recorded by `known_at` (NULL: as known now): the columns of price_history and in_gap.';
