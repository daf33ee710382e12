-- The hours of all offers of a provider together.
SELECT days, count(*) AS offers, sum(hours)::BIGINT AS hours,
       sum(known_hours)::BIGINT AS known_hours, sum(live_hours)::BIGINT AS live_hours,
       (sum(hours) - sum(known_hours))::BIGINT AS unknown_hours,
       round(sum(live_hours) / nullif(sum(known_hours), 0), 4) AS live_share
FROM spent GROUP BY days ORDER BY days;
