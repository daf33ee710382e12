-- The prices of traced offers at a moment, as far as recorded by $known_at, and how many there are.
-- Not by count(*) OVER (): that with a LIMIT failed inside DuckDB 1.5.5 in 1 of 150 runs.
, matched AS MATERIALIZED (
    SELECT p.*, p.valid_from AS observed_at
    FROM price_as_of($as_of::TIMESTAMPTZ, known_at := $known_at::TIMESTAMPTZ) p
    -- the list reaches the scan of the log, which the condition after it does not
    WHERE list_contains($ids::VARCHAR[], p.offer_id)
      AND EXISTS (SELECT 1 FROM traced t
                  WHERE t.earlier_id = p.offer_id AND p.valid_from < t.until
                    AND (t.since IS NULL OR p.valid_to IS NULL OR p.valid_to > t.since))
      AND ($unit::VARCHAR[] IS NULL OR list_contains($unit::VARCHAR[], p.unit))
      AND ($tier::VARCHAR[] IS NULL OR list_contains($tier::VARCHAR[], p.tier))
)
SELECT *, (SELECT count(*) FROM matched) AS total FROM matched
ORDER BY inference_provider, tier <> 'standard', tier, unit, offer_id
LIMIT $count::INT OFFSET $offset::INT;
