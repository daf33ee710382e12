-- The cards whose provider serves from a place: strictly, where claims in force prove it of every
-- site; leniently, also where nothing disproves it.
CREATE OR REPLACE MACRO cards_in(place, lenient := false) AS TABLE
SELECT c.*
FROM _ph_cards c LEFT JOIN _ph_provider v ON v.inference_provider = c.inference_provider
WHERE c.region = place OR (place = 'eea' AND c.region = 'eu')
   OR coalesce(v.serving_countries = [place], false)
   OR (lenient AND (c.region IN ('unverified', 'multi') OR (place = 'eu' AND c.region = 'eea')
                    OR coalesce(list_contains(v.serving_countries, place), false)));

COMMENT ON MACRO TABLE cards_in IS
    'Cards whose provider provably serves from `place` (eu, eea, us or a country code); `lenient` adds those of which nothing disproves it.';
