-- The cards whose provider serves from a place: strictly, where claims in force prove it of every
-- site; leniently, also where nothing disproves it.
CREATE OR REPLACE MACRO cards_in(place, lenient := false) AS TABLE
WITH checked AS (
    -- a place that is none is an error, whatever cards there are: no rows would look like no offers
    SELECT CASE WHEN regexp_full_match(place, '(?i)eu|eea|us|multi|unverified')
                THEN lower(place) ELSE upper(place) END AS wanted,
           upper(place) AS country, lenient AS is_lenient
    WHERE CASE
        WHEN NOT EXISTS (FROM internal._ph_region r WHERE r.code = lower(place))
        THEN error('“' || coalesce(place, 'NULL') || '” is no place; valid: eu, eea, us, multi, '
                   || 'unverified, or a country''s two letters (ISO 3166), like DE')
        WHEN lenient IS NULL THEN error('lenient is NULL; it must be true or false')
        ELSE true END
)
SELECT c.*
FROM internal._ph_cards c CROSS JOIN checked a
LEFT JOIN internal._ph_provider v ON v.inference_provider = c.inference_provider
WHERE c.region = a.wanted OR (a.wanted = 'eea' AND c.region = 'eu')
   OR coalesce(v.serving_countries = [a.country], false)
   OR (a.is_lenient AND (c.region IN ('unverified', 'multi')
                         OR (a.wanted = 'eu' AND c.region = 'eea')
                         OR coalesce(list_contains(v.serving_countries, a.country), false)));

COMMENT ON MACRO TABLE cards_in IS
    'Cards whose provider provably serves from `place` (eu, eea, us or a country code); `lenient` adds those of which nothing disproves it.';
