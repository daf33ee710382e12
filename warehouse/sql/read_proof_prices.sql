-- What cards show of each unit now; `price_feeds` is the precedence by which it was chosen.
SELECT p.unit, p.tier, p.feed, p.amount, p.currency, p.price_status, p.reason, p.valid_from,
       p.payload_hash, p.json_path,
       (SELECT string_agg(feed, ' before ' ORDER BY price_rank) FROM _ph_feed
        WHERE price_rank IS NOT NULL) AS price_feeds
FROM prices p
WHERE p.offer_id = $offer_id
ORDER BY p.unit, p.tier;
