-- Per offer and period: the hours since the first that listed it, and what is known of them.
SELECT offer_id, days, hours, known_hours, live_hours, hours - known_hours AS unknown_hours,
       round(live_hours / nullif(known_hours, 0), 4) AS live_share
FROM spent ORDER BY offer_id, days;
