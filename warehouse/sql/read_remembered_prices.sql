-- Of each series of a touched offer without a good price now: its last good interval, and its last
-- one of any status, if the source stated it at `oldest` or later.
-- The log grows with the years: few of its columns are read, and whole rows only of what is found.
-- An end before `oldest` is left out: the interval then began before it too.
WITH "end" AS (
    SELECT log_id, offer_id, is_replaced, coalesce(last_shown_at, valid_to) AS seen_at
    FROM internal._ph_price_end SEMI JOIN touched_offer USING (offer_id)
    WHERE is_replaced OR valid_to >= $oldest OR last_shown_at >= $oldest
), interval AS (
    SELECT l.log_id, l.offer_id, l.unit, l.tier, l.price_status, l.valid_from,
           coalesce(e.seen_at, l.valid_from) AS seen_at
    FROM internal._ph_price_log l SEMI JOIN touched_offer USING (offer_id)
    LEFT JOIN "end" e USING (log_id, offer_id)
    WHERE l.kind IN ('seen', 'corrected') AND NOT coalesce(e.is_replaced, false)
      AND coalesce(e.seen_at, l.valid_from) >= $oldest
), ranked AS (
    SELECT *, price_status IN ('priced', 'free') AS is_good,
           row_number() OVER (PARTITION BY offer_id, unit, tier ORDER BY valid_from DESC) = 1
               AS is_last
    FROM interval
    ANTI JOIN (SELECT offer_id, unit, tier FROM internal._ph_price
               WHERE price_status IN ('priced', 'free'))
        USING (offer_id, unit, tier)
), found AS (
    SELECT log_id, seen_at, is_last
    FROM ranked
    QUALIFY is_last OR (is_good AND row_number() OVER (
        PARTITION BY offer_id, unit, tier, is_good ORDER BY valid_from DESC) = 1)
)
SELECT offer_id, unit, tier, feed, amount, currency, price_status, basis, reason, native_unit,
       raw_text, native_amount, native_quantity, formula, scope, payload_hash, json_path,
       claim_run_id AS run_id, valid_from, seen_at, is_last
FROM internal._ph_price_log JOIN found USING (log_id)
ORDER BY offer_id, unit, tier, valid_from;
