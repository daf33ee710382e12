-- What cards show of each unit now; `price_feeds` is the precedence by which it was chosen,
-- `returned_amount` the last good price before an absence, with which the gate compared it.
SELECT p.unit, p.tier, p.feed, p.amount, p.currency, p.price_status, p.reason, p.valid_from,
       p.payload_hash, p.json_path, p.held, p.hold_reason, p.until,
       (SELECT string_agg(feed, ' before ' ORDER BY price_rank) FROM internal._ph_feed
        WHERE price_rank IS NOT NULL) AS price_feeds,
       b.old_amount AS returned_amount
FROM prices p
LEFT JOIN (
    SELECT * FROM changes WHERE event = 'back'
    QUALIFY row_number() OVER (
        PARTITION BY offer_id, unit, tier, occurred_at ORDER BY change_id DESC) = 1
) b ON b.offer_id = p.offer_id AND b.unit = p.unit AND b.tier = p.tier
   AND b.occurred_at = p.valid_from
WHERE p.offer_id = $offer_id
ORDER BY p.unit, p.tier;
