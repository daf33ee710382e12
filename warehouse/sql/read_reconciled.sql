-- Each registered row of usage with its stated cost, compared with ours. A number that is stated with
-- few digits proves little: it confirms our cost only within 0.5 % of it, and contradicts it where
-- rounding (half a unit of its last digit) does not explain the difference, or where it is nothing or
-- at least twice our cost. Amounts are kept to 12 digits.
WITH costed AS (
    -- what used nothing costs nothing, where a quantity states so
    SELECT c.* REPLACE (
               CASE WHEN c.why = 'no_usage' AND coalesce(
                        c.input_tokens, c.cached_input_tokens, c.cache_write_tokens,
                        c.output_tokens, c.reasoning_tokens, c.images, c.megapixels, c.pixels,
                        c.steps, c.compute_seconds, c.audio_seconds, c.video_seconds,
                        c.characters, c.runs, c.requests) = 0
                    THEN 0::DECIMAL(38,18) ELSE c.cost END AS cost),
           c._stated::DECIMAL(38,18) AS stated,
           greatest(len(split_part(split_part(lower(c._stated), 'e', 1), '.', 2))
                    - coalesce(try_cast(split_part(lower(c._stated), 'e', 2) AS INT), 0), 0)
               AS decimals
    FROM cost('_usage_rows', known_at := $known_at::TIMESTAMPTZ, default_route := $default_route) c
), measured AS (
    SELECT *, stated - cost AS apart, (cost * 0.000000000001)::DECIMAL(38,18) AS kept,
           ('0.' || repeat('0', least(decimals, 17)::INT) || '5')::DECIMAL(38,18)
           * (decimals <= 17)::INT AS half_digit
    FROM costed
), weighed AS (
    SELECT *,
           CASE WHEN cost IS NULL OR stated IS NULL THEN NULL
                -- nothing is nothing in every currency
                WHEN currency IS NOT NULL AND stated <> 0
                     AND upper(coalesce(nullif(_stated_currency, ''), currency)) <> currency
                THEN 'other_currency'
                WHEN abs(apart) <= least(half_digit, (cost * 0.005)::DECIMAL(38,18)) + kept
                THEN 'confirmed'
                WHEN abs(apart) > half_digit + kept OR abs(apart) >= cost THEN 'contradicted'
                ELSE 'too_few_digits' END AS found
    FROM measured
)
SELECT _row + 1 AS "row", split_part(model, ':', 1) AS model,
       coalesce(inference_provider, nullif(provider, ''),
                CASE WHEN lower(trim(split_part(model, ':', 2)))
                          NOT IN ('', 'fastest', 'cheapest', 'preferred', 'auto')
                     THEN split_part(model, ':', 2) END) AS provider,
       "timestamp", stated, cost, coalesce(currency, CASE WHEN cost = 0 THEN _stated_currency END)
           AS currency,
       CASE WHEN found IN ('confirmed', 'contradicted') THEN found
            WHEN why IN ('unknown_model', 'unknown_provider', 'unknown_offer') THEN 'never_seen'
            ELSE 'not_compared' END AS verdict,
       CASE WHEN verdict = 'contradicted' THEN apart END AS difference,
       CASE WHEN why IS NOT NULL THEN why
            WHEN stated IS NULL THEN 'no_stated_cost'
            WHEN verdict = 'not_compared' THEN found END AS why, valid_from, publication
FROM weighed
ORDER BY _row;
