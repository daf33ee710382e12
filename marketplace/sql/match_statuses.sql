-- What follows in statements about availability: the statuses that the offers had under each of
-- their ids, and the hours of 30 days in which every feed that lists the offer answered. An hour is
-- its last moment; hour 720 is the newest observation. `known_until[n + 1]` counts the known hours
-- among the first n.
, listing AS (
    SELECT offer_id, list(DISTINCT feed ORDER BY feed) AS feeds
    FROM internal._ph_seen SEMI JOIN subject USING (offer_id) GROUP BY offer_id
), outage AS (
    SELECT feed, from_at, to_at FROM gaps
    UNION ALL
    SELECT feed, t.observed_at, 'infinity'::TIMESTAMPTZ
    FROM internal._ph_feed_time t JOIN feeds f USING (feed) CROSS JOIN publication p
    WHERE p.observed_to > t.observed_at + 1.5 * f.expected_every
), clock AS (
    SELECT hour::INT AS hour, observed_to - (720 - hour) * INTERVAL 1 HOUR AS ends_at,
           epoch_us(observed_to - INTERVAL 719 HOUR) AS first_us
    FROM publication CROSS JOIN range(1, 721) r(hour)
), counted AS (
    SELECT *, count(*) FILTER (NOT is_unknown) OVER (
                  PARTITION BY feeds ORDER BY hour) AS known_until
    FROM (
        SELECT l.feeds, c.hour, c.ends_at, EXISTS (
                   SELECT 1 FROM outage s WHERE list_contains(l.feeds, s.feed)
                   AND s.from_at < c.ends_at AND c.ends_at < s.to_at) AS is_unknown
        FROM (SELECT DISTINCT feeds FROM listing) l CROSS JOIN clock c
    )
), known AS (
    SELECT feeds, list_prepend(0, list(known_until ORDER BY hour)) AS known_until
    FROM counted GROUP BY feeds
), bounded AS (
    -- the number of hours that end before an interval begins, and before it ends
    SELECT t.offer_id, l.feeds, h.status,
           least(greatest((epoch_us(greatest(h.valid_from, t.since)) - c.first_us + 3599999999)
                          // 3600000000, 0), 720)::INT AS from_hour,
           CASE WHEN least(h.valid_to, t.until) < 'infinity'::TIMESTAMPTZ
                THEN least(greatest((epoch_us(least(h.valid_to, t.until)) - c.first_us
                                     + 3599999999) // 3600000000, 0), 720)
                ELSE 720 END::INT AS to_hour
    FROM traced t
    JOIN status_history h ON h.offer_id = t.earlier_id AND h.valid_from < t.until
         AND (t.since IS NULL OR h.valid_to IS NULL OR h.valid_to > t.since)
    JOIN listing l ON l.offer_id = t.offer_id
    CROSS JOIN (SELECT first_us FROM clock LIMIT 1) c
), spent AS (
    -- in each period, the hours that an offer was listed live, those known, and all since its first
    SELECT b.offer_id, d.days, 720 - greatest(min(b.from_hour), 720 - 24 * d.days) AS hours,
           any_value(k.known_until)[721]
               - any_value(k.known_until)[greatest(min(b.from_hour), 720 - 24 * d.days) + 1]
               AS known_hours,
           coalesce(sum(k.known_until[greatest(b.to_hour, 720 - 24 * d.days) + 1]
                        - k.known_until[greatest(b.from_hour, 720 - 24 * d.days) + 1])
                    FILTER (b.status = 'live'), 0)::BIGINT AS live_hours
    FROM bounded b JOIN known k USING (feeds) CROSS JOIN (VALUES (7), (30)) d(days)
    GROUP BY b.offer_id, d.days
)
