-- The oldest and the newest of the feeds' last whole answers. A catalogue that names no offers is
-- only compared with another one: nothing that readers see is as old as its answer.
CREATE OR REPLACE VIEW internal._ph_window AS
SELECT min(t.observed_at) AS observed_from, max(t.observed_at) AS observed_to
FROM internal._ph_feed_time t LEFT JOIN internal._ph_feed f USING (feed)
WHERE NOT coalesce(f.kind = 'catalog' AND f.priced_only, false);
