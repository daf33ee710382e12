SELECT f.feed, f.short_pages
FROM internal._ph_run_feed f JOIN internal._ph_run r USING (run_id)
WHERE f.observed_at IS NOT NULL AND f.short_pages IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY f.feed ORDER BY r.sequence DESC) <= $walks
ORDER BY f.feed, r.sequence DESC;
