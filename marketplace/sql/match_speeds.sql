-- After match_statuses.sql: the speeds that were known of each offer at every $step-th hour, by day
-- (UTC). An hour in which a feed that lists the offer did not answer has none.
, measured AS (
    SELECT t.offer_id, s.observed_at, s.throughput_tps, s.first_token_latency_ms,
           s.request_latency_ms
    FROM traced t JOIN speed_history s ON s.offer_id = t.earlier_id AND s.observed_at < t.until
         AND (t.since IS NULL OR s.observed_at >= t.since)
), sampled AS (
    SELECT h.offer_id, (h.ends_at - INTERVAL 1 MICROSECOND)::DATE AS day, m.throughput_tps,
           m.first_token_latency_ms, m.request_latency_ms
    FROM (
        SELECT l.offer_id, c.ends_at FROM listing l JOIN counted c USING (feeds)
        WHERE NOT c.is_unknown AND (720 - c.hour) % $step::INT = 0
    ) h
    ASOF JOIN measured m ON m.offer_id = h.offer_id AND m.observed_at <= h.ends_at
    WHERE m.throughput_tps IS NOT NULL OR m.first_token_latency_ms IS NOT NULL
       OR m.request_latency_ms IS NOT NULL
)
