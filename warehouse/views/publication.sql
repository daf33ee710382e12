CREATE OR REPLACE VIEW publication AS
SELECT r.run_id AS publication_id, r.run_id, r.origin, '1' AS schema_version,
       r.finished_at AS published_at, w.observed_from, w.observed_to, r.code_version,
       s.licence, s.attribution
FROM internal._ph_run r, internal._ph_window w,
     (SELECT string_agg(licence, ' ' ORDER BY source) AS licence,
             string_agg(attribution, ' ' ORDER BY source) AS attribution
      FROM internal._ph_source WHERE source IN ( -- only whose facts were read
          SELECT f.source FROM internal._ph_feed f JOIN internal._ph_feed_time USING (feed))) s
WHERE r.published ORDER BY r.sequence DESC LIMIT 1;

COMMENT ON VIEW publication IS 'The publication that this file is: one row.';
COMMENT ON COLUMN publication.publication_id IS
    'Id of this publication, which is the id of the run that made it.';
COMMENT ON COLUMN publication.run_id IS 'Run that made this publication.';
COMMENT ON COLUMN publication.origin IS
    'live: from the sources themselves; sample: from the built-in recordings, so no current prices.';
COMMENT ON COLUMN publication.schema_version IS
    'Version of the relations and columns documented here.';
COMMENT ON COLUMN publication.published_at IS
    'When the data of this publication was complete, UTC.';
COMMENT ON COLUMN publication.observed_from IS
    'The oldest of the feeds'' last complete answers, UTC.';
COMMENT ON COLUMN publication.observed_to IS
    'The newest of the feeds'' last complete answers, UTC: how fresh this publication is.';
COMMENT ON COLUMN publication.code_version IS 'Version of pricehouse that wrote it.';
COMMENT ON COLUMN publication.licence IS 'What is known of the licence of these facts.';
COMMENT ON COLUMN publication.attribution IS 'Whom to name when these facts are passed on.';
