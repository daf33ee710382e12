SELECT feed FROM feeds
WHERE kind = 'price_list' AND last_success_at IS NOT NULL
  AND feed NOT IN (SELECT feed FROM price_claims)
ORDER BY feed;
