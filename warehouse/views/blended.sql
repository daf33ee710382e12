-- Cost per token of each priced offer at the buyer's own share of input tokens, and the share of
-- those that the provider has cached. What is not offered cached costs as much as another input
-- token; where nothing is stated, the cost is not known.
CREATE OR REPLACE MACRO blended(input_share := 0.75, cached_share := 0) AS TABLE
WITH checked AS (
    -- a share that is none is an error, whatever cards there are: no rows would look like no offers
    SELECT true AS is_valid
    WHERE CASE WHEN coalesce(input_share BETWEEN 0 AND 1 AND cached_share BETWEEN 0 AND 1, false)
               THEN true
               ELSE error('input_share is ' || coalesce(input_share::VARCHAR, 'NULL')
                          || ' and cached_share is ' || coalesce(cached_share::VARCHAR, 'NULL')
                          || '; both must be from 0 to 1') END
)
SELECT c.offer_id, c.model_id, c.inference_provider, c.task, c.region,
       c.cost_per_input_token, c.cost_per_output_token,
       (c.cost_per_input_token * (input_share::DECIMAL(5,4) * (1 - cached_share)::DECIMAL(5,4))
        + CASE WHEN cached_share = 0 THEN 0
               WHEN p.reason = 'not_offered' THEN c.cost_per_input_token
               ELSE c.cost_per_cached_input_token END
          * (input_share::DECIMAL(5,4) * cached_share::DECIMAL(5,4))
        + c.cost_per_output_token * (1 - input_share)::DECIMAL(5,4))::DECIMAL(38,18)
           AS blended_cost_per_token,
       c.currency, c.rankable
FROM internal._ph_cards c CROSS JOIN checked a
LEFT JOIN internal._ph_price p ON p.offer_id = c.offer_id AND p.unit = 'cached_input_token'
                     AND p.tier = 'standard'
WHERE c.cost_per_input_token IS NOT NULL AND c.cost_per_output_token IS NOT NULL AND a.is_valid;

COMMENT ON MACRO TABLE blended IS
    'Cost in `currency` per ONE token of each offer priced both ways, at `input_share` (0 to 1) of input tokens, of which `cached_share` (0 to 1) are cached; NULL: what cached tokens cost is not known.';
