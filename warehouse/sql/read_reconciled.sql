-- Each registered row of usage with its stated cost, compared with ours. What rounding explains is no
-- difference: half a unit of the last stated digit, and the 12 digits that amounts are kept to.
WITH compared AS (
    SELECT c.*, try_cast(c._stated AS DECIMAL(38,18)) AS stated,
           greatest(len(split_part(split_part(lower(c._stated), 'e', 1), '.', 2))
                    - coalesce(try_cast(split_part(lower(c._stated), 'e', 2) AS INT), 0), 0)
               AS decimals
    FROM cost('_usage_rows', known_at := $known_at::TIMESTAMPTZ, default_route := $default_route) c
), measured AS (
    SELECT *, stated - cost AS difference,
           ('0.' || repeat('0', least(decimals, 17)::INT) || '5')::DECIMAL(38,18)
           * (decimals <= 17)::INT + (cost * 0.000000000001)::DECIMAL(38,18) AS tolerance
    FROM compared
)
SELECT _row + 1 AS "row", split_part(model, ':', 1) AS model,
       coalesce(inference_provider, nullif(provider, ''), nullif(split_part(model, ':', 2), ''))
           AS provider, "timestamp", stated, cost, currency,
       CASE WHEN why IN ('unknown_model', 'unknown_provider', 'unknown_offer') THEN 'never_seen'
            WHEN cost IS NULL OR stated IS NULL
                 OR upper(_stated_currency) IS DISTINCT FROM currency
                    AND coalesce(_stated_currency, '') <> '' THEN 'not_compared'
            WHEN abs(difference) <= tolerance THEN 'confirmed'
            ELSE 'contradicted' END AS verdict,
       CASE WHEN verdict = 'contradicted' THEN difference END AS difference,
       CASE WHEN why IS NOT NULL THEN why
            WHEN stated IS NULL THEN 'no_stated_cost'
            WHEN verdict = 'not_compared' THEN 'other_currency' END AS why, valid_from, publication
FROM measured
ORDER BY _row;
