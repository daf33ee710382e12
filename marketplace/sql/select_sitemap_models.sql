-- The models of one file of the sitemap, and when something about their offers changed last.
SELECT m.model_id, greatest(any_value(m.first_seen_at), max(c.price_changed_at),
                            max(c.status_since)) AS changed_at
FROM (SELECT model_id, first_seen_at FROM models
      ORDER BY model_id LIMIT $count::INT OFFSET $skip::INT) m
LEFT JOIN cards c USING (model_id)
GROUP BY m.model_id ORDER BY m.model_id;
