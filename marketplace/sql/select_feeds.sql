SELECT f.feed, f.source, f.kind, f.url, f.terms_url, f.required, f.enabled,
       epoch(f.expected_every) AS expected_every_s, f.last_attempt_at, f.last_success_at,
       f.failures_in_a_row, f.last_error
FROM feeds f ORDER BY f.feed;
