-- The offers that the router's last whole answer lists, and which of them its routes lead to. Of a
-- model's live ones, `router_default` has the highest throughput that the router states and
-- `router_cheapest` the lowest output price. Equal ones are all marked: which of them the router
-- takes is not documented. A speed or price that is not stated marks nothing.
CREATE OR REPLACE VIEW internal._ph_route AS
WITH listed AS (
    SELECT l.offer_id, o.source, o.model_id, o.task,
           -- the card's status too, because the Hub's error or staging counts before the router's
           l.status = 'live' AND c.status = 'live' AS is_live,
           l.throughput_tps,
           -- a price that the gate refuses, or that is suspect, is no price to choose by
           CASE WHEN p.price_status IN ('priced', 'free') AND NOT c.held
                     AND c.price_status IN ('priced', 'free')
                THEN p.amount END AS output_price
    FROM internal._ph_listing l
    JOIN internal._ph_offer o USING (offer_id)
    JOIN internal._ph_card c USING (offer_id)
    LEFT JOIN internal._ph_claim p ON p.offer_id = l.offer_id AND p.feed = l.feed
                                  AND p.unit = 'output_token' AND p.tier = 'standard'
                                  AND p.currency = 'USD'
    WHERE l.feed = 'router' AND l.missed = 0
), best AS (
    -- `task` qualified: alone it would conflict with the parameter of a macro that reads this
    SELECT n.source, n.model_id, n.task, max(n.throughput_tps) AS throughput_tps,
           min(n.output_price) AS output_price
    FROM listed n WHERE n.is_live GROUP BY n.source, n.model_id, n.task
)
SELECT l.offer_id,
       coalesce(l.is_live AND l.throughput_tps = b.throughput_tps, false) AS router_default,
       coalesce(l.is_live AND l.output_price = b.output_price, false) AS router_cheapest
FROM listed l
LEFT JOIN best b ON b.source = l.source AND b.model_id = l.model_id AND b.task = l.task;
