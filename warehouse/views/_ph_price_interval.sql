-- The newest version of each interval of a price series. Of all log rows about the start of an
-- interval the last one counts: `corrected` replaces the value, `void` removes the start.
CREATE OR REPLACE VIEW internal._ph_price_interval AS
WITH latest AS (
    SELECT * FROM internal._ph_price_log
    QUALIFY row_number() OVER (
        PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) = 1
)
SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
       lead(not_before_at) OVER series AS last_shown_at
FROM latest WHERE kind <> 'void'
WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from);
