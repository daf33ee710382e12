-- The inference providers, their price list, and when the claim about their region was checked.
SELECT p.*, c.checked_on AS region_checked_on, c.source_url AS region_source_url,
       f.url AS price_feed_url
FROM providers p
LEFT JOIN feeds f ON f.feed = p.price_feed
LEFT JOIN (
    SELECT inference_provider, min(checked_on) AS checked_on, min(source_url) AS source_url
    FROM compliance_claims
    WHERE claim = 'serving_region' AND applies = 'default' AND in_force AND confidence <> 'low'
    GROUP BY inference_provider
) c USING (inference_provider)
ORDER BY p.inference_provider;
