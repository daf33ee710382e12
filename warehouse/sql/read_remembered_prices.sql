-- Of each series without a good price now: its last good interval, and its last one of any status,
-- if the source stated it at `oldest` or later.
-- The log grows with the years: few of its columns are read, of series with a row since then, and
-- whole rows only of what is found.
WITH recent AS (
    SELECT DISTINCT offer_id, unit, tier FROM internal._ph_price_log WHERE valid_from >= $oldest
), gone AS (
    SELECT log_id, offer_id, unit, tier, kind, price_status, valid_from, not_before_at
    FROM internal._ph_price_log
    SEMI JOIN recent USING (offer_id, unit, tier)
    ANTI JOIN (SELECT offer_id, unit, tier FROM internal._ph_price
               WHERE price_status IN ('priced', 'free'))
        USING (offer_id, unit, tier)
), latest AS (
    SELECT * FROM gone
    QUALIFY row_number() OVER (
        PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) = 1
), interval AS (
    SELECT *, coalesce(lead(not_before_at) OVER series, lead(valid_from) OVER series,
                       valid_from) AS seen_at
    FROM latest WHERE kind <> 'void'
    WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from)
), ranked AS (
    SELECT *, price_status IN ('priced', 'free') AS is_good,
           row_number() OVER (PARTITION BY offer_id, unit, tier ORDER BY valid_from DESC) = 1
               AS is_last
    FROM interval WHERE kind IN ('seen', 'corrected')
), found AS (
    SELECT log_id, seen_at, is_last
    FROM ranked
    WHERE seen_at >= $oldest
    QUALIFY is_last OR (is_good AND row_number() OVER (
        PARTITION BY offer_id, unit, tier, is_good ORDER BY valid_from DESC) = 1)
)
SELECT offer_id, unit, tier, feed, amount, currency, price_status, basis, reason, native_unit,
       raw_text, native_amount, native_quantity, formula, scope, payload_hash, json_path,
       claim_run_id AS run_id, valid_from, seen_at, is_last
FROM internal._ph_price_log JOIN found USING (log_id)
ORDER BY offer_id, unit, tier, valid_from;
