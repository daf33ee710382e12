-- The statements that define the macros of the view _ph_cards: when each set of feeds was last seen,
-- and what all cards of the hour share. Sets are numbers; times have their offset from UTC.
WITH named AS (
    SELECT 'newest' AS name, feeds, newest_at AS seen_at FROM internal._ph_feed_set
    UNION ALL SELECT 'oldest', feeds, oldest_at FROM internal._ph_feed_set
)
SELECT format(
    'CREATE OR REPLACE MACRO internal._ph_{}_at(feeds) AS CASE feeds {} ELSE NULL::TIMESTAMPTZ END',
    n.name,
    coalesce(
        (SELECT string_agg(format('WHEN ''{}'' THEN TIMESTAMPTZ ''{}''', feeds, seen_at), ' '
                           ORDER BY feeds)
         FROM named WHERE name = n.name),
        'WHEN NULL THEN NULL::TIMESTAMPTZ'))
FROM (VALUES ('newest'), ('oldest')) n(name)
UNION ALL
SELECT format('CREATE OR REPLACE MACRO internal._ph_{}() AS {}', name, value)
FROM (
    SELECT 'ranked_from' AS name,
           coalesce(format('TIMESTAMPTZ ''{}''', max(ranked_from)), 'NULL::TIMESTAMPTZ') AS value
    FROM internal._ph_hour
    UNION ALL
    SELECT 'origin', coalesce('''' || replace(max(origin), '''', '''''') || '''', 'NULL::VARCHAR')
    FROM internal._ph_hour
);
