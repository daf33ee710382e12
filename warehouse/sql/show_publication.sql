SELECT max(observed_at) FILTER (feed = 'hub') AS hub_at,
       max(observed_at) FILTER (feed = 'router') AS router_at
FROM _ph_feed_time;
