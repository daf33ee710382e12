-- Cost per token of each priced offer at the buyer's own share of input tokens.
CREATE OR REPLACE MACRO blended(input_share := 0.75) AS TABLE
SELECT c.offer_id, c.model_id, c.inference_provider, c.task, c.region,
       c.cost_per_input_token, c.cost_per_output_token,
       (c.cost_per_input_token * input_share::DECIMAL(5,4)
        + c.cost_per_output_token * (1 - input_share)::DECIMAL(5,4))::DECIMAL(38,18)
           AS blended_cost_per_token,
       c.currency, c.rankable
FROM _ph_cards c
WHERE c.cost_per_input_token IS NOT NULL AND c.cost_per_output_token IS NOT NULL
  AND input_share BETWEEN 0 AND 1;

COMMENT ON MACRO TABLE blended IS
    'Cost in `currency` per ONE token of each offer priced both ways, at `input_share` (0 to 1) of input tokens.';
