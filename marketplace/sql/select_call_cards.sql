-- After match_months.sql: the cards of one model's chat that match, and what the tokens of one call
-- cost at each; `is_known` is false where cached tokens are among them, and their price is not known.
-- A prompt above a size (`context>N`) has the price of the largest such size, of a unit that has one.
, sized AS (
    SELECT p.offer_id, p.unit, p.amount, p.currency
    FROM prices p SEMI JOIN months m ON m.offer_id = p.offer_id AND m.failed_filters = 0
    WHERE regexp_matches(p.tier, '^context>[0-9]+$')
      AND split_part(p.tier, '>', 2)::BIGINT < $input_tokens::BIGINT
    QUALIFY row_number() OVER (PARTITION BY p.offer_id, p.unit
                               ORDER BY split_part(p.tier, '>', 2)::BIGINT DESC) = 1
), long_prompt AS (
    SELECT offer_id, bool_or(amount IS NULL) OR min(currency) <> max(currency) AS is_unknown,
           min(currency) AS currency,
           max(amount) FILTER (unit = 'input_token') AS per_input,
           max(amount) FILTER (unit = 'cached_input_token') AS per_cached,
           max(amount) FILTER (unit = 'output_token') AS per_output
    FROM sized GROUP BY offer_id
)
SELECT m.is_known OR l.per_cached IS NOT NULL AS is_known,
       CASE WHEN l.offer_id IS NULL THEN m.tokens_cost
            WHEN NOT l.is_unknown AND l.currency = c.currency THEN TRY((m.tokens_cost
                + coalesce((l.per_input - c.cost_per_input_token)
                           * ($input_tokens::BIGINT - $cached_input_tokens::BIGINT), 0)
                + coalesce((coalesce(l.per_cached, CASE WHEN c.cost_per_cached_input_token IS NULL
                                                        THEN l.per_input END)
                            - coalesce(c.cost_per_cached_input_token, c.cost_per_input_token))
                           * $cached_input_tokens::BIGINT, 0)
                + coalesce((l.per_output - c.cost_per_output_token) * $output_tokens::BIGINT, 0)
            )::DECIMAL(38,18)) END AS tokens_cost, c.*
FROM months m JOIN cards c USING (offer_id) LEFT JOIN long_prompt l USING (offer_id)
WHERE m.failed_filters = 0 ORDER BY c.inference_provider, c.offer_id;
