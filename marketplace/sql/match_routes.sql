-- The beginning of each statement about routes: one offer for each model at an inference provider
-- whose price is known, public and in USD, with its prices. Several offers have the name of one
-- route: the one that the router lists counts, else chat before all else. Where equal ones differ
-- in their prices, nothing proves what the route costs, and it is left out.
WITH fastest AS (
    -- equal ones are all marked, so that a default route is certain only where there is one
    SELECT model_id FROM cards WHERE router_default GROUP BY model_id HAVING count(*) = 1
), place AS (
    SELECT inference_provider, display_name FROM providers
    WHERE $region::VARCHAR IS NULL OR region = $region
       OR ($region = 'eea' AND region = 'eu') OR serving_countries = [upper($region)]
), named AS (
    SELECT c.*, place.display_name AS provider_name
    FROM cards c JOIN place USING (inference_provider)
    WHERE $model_id::VARCHAR IS NULL OR c.model_id = $model_id
    QUALIFY rank() OVER (PARTITION BY c.model_id, c.inference_provider
                         ORDER BY c.router_default IS NULL, c.task <> 'conversational',
                                  c.offer_type <> 'model') = 1
), known AS (
    SELECT p.offer_id,
           list({'unit': p.unit, 'tier': p.tier, 'amount': p.amount, 'native_unit': p.native_unit}
                ORDER BY p.unit, p.tier) AS prices,
           list([p.unit, p.tier, p.amount::VARCHAR] ORDER BY p.unit, p.tier) AS compared,
           min(coalesce(p.observed_at, p.valid_from)) AS seen_at
    FROM prices p JOIN named c USING (offer_id)
    WHERE c.price_status IN ('priced', 'free') AND p.price_status IN ('priced', 'free')
      AND p.amount IS NOT NULL AND p.currency = 'USD' AND p.scope = 'public'
      AND p.basis <> 'estimate'
      -- an additional price that is held by itself is not on the card either
      AND (c.held OR NOT p.held OR p.tier <> 'standard'
           OR p.unit NOT IN ('cached_input_token', 'cache_write_token', 'reasoning_token'))
      AND (c.cost_per_cached_input_token IS NOT NULL OR p.tier <> 'standard'
           OR p.unit <> 'cached_input_token')
    GROUP BY p.offer_id
), compared AS (
    SELECT n.*, s.prices, s.seen_at,
           count(*) OVER same = count(s.compared) OVER same
               AND min(s.compared) OVER same = max(s.compared) OVER same AS is_certain,
           row_number() OVER (PARTITION BY n.model_id, n.inference_provider
                              ORDER BY n.status <> 'live', n.offer_id) AS place
    FROM named n LEFT JOIN known s USING (offer_id)
    WINDOW same AS (PARTITION BY n.model_id, n.inference_provider)
), route AS (
    SELECT c.offer_id, c.model_id, c.inference_provider, c.provider_name, c.task, c.task_group,
           c.status, c.context_length, c.supports_tools, c.supports_structured_output,
           c.input_modalities, c.output_modalities,
           coalesce(c.router_default AND fastest.model_id IS NOT NULL, false) AS is_default,
           c.first_seen_at, m.created_at, c.prices, c.seen_at
    FROM compared c LEFT JOIN models m USING (model_id) LEFT JOIN fastest USING (model_id)
    WHERE c.place = 1 AND c.is_certain
)
