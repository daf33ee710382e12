-- The costs of the registered rows of usage, in their order.
SELECT c.cost, c.currency, c.why, c.last_known_cost, c.flags, c.inference_provider, c.offer_id,
       c.valid_from, c.valid_to, c.publication, c.prices
FROM cost('_usage_rows', known_at := $known_at::TIMESTAMPTZ, default_route := $default_route) c
ORDER BY c._row;
