-- What later rows of a price series make of a log row: the end of its interval, or that another row
-- replaces it. Of all log rows about the start of an interval the last one counts: `corrected`
-- replaces the value, `void` removes the start. An interval without an end has no row.
CREATE OR REPLACE VIEW internal._ph_price_end_computed AS
WITH placed AS (
    SELECT log_id, offer_id, unit, tier, kind, valid_from, not_before_at,
           row_number() OVER (
               PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) > 1
               AS is_replaced
    FROM internal._ph_price_log
), kept AS (
    SELECT log_id, offer_id, lead(valid_from) OVER series AS valid_to,
           lead(kind) OVER series AS next_kind, lead(not_before_at) OVER series AS last_shown_at
    FROM placed WHERE kind <> 'void' AND NOT is_replaced
    WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from)
)
SELECT log_id, offer_id, valid_to, next_kind, last_shown_at, false AS is_replaced
FROM kept WHERE next_kind IS NOT NULL
UNION ALL
SELECT log_id, offer_id, NULL, NULL, NULL, true FROM placed WHERE is_replaced;
