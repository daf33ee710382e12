-- The same, with money as plain text and times as RFC 3339.
SELECT rtrim(rtrim(c.cost::VARCHAR, '0'), '.') AS cost, c.currency, c.why,
       rtrim(rtrim(c.last_known_cost::VARCHAR, '0'), '.') AS last_known_cost, c.flags,
       c.inference_provider, c.offer_id,
       strftime(c.valid_from, '%Y-%m-%dT%H:%M:%S.%fZ') AS valid_from,
       strftime(c.valid_to, '%Y-%m-%dT%H:%M:%S.%fZ') AS valid_to, c.publication,
       list_transform(c.prices, lambda p: struct_update(p,
           amount := rtrim(rtrim(p.amount::VARCHAR, '0'), '.'),
           valid_from := strftime(p.valid_from, '%Y-%m-%dT%H:%M:%S.%fZ'),
           valid_to := strftime(p.valid_to, '%Y-%m-%dT%H:%M:%S.%fZ'))) AS prices
FROM cost('_usage_rows', known_at := $known_at::TIMESTAMPTZ, default_route := $default_route) c
ORDER BY c._row;
