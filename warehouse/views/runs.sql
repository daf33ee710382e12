CREATE OR REPLACE VIEW runs AS
SELECT run_id, flow, "trigger", origin, scheduled_at, started_at, finished_at, outcome,
       CASE WHEN published THEN run_id END AS publication_id, models, offers, adapters, priced,
       free, suspect, unpriced, rejected, changes, holds, code_version, prefect_run_id, error
FROM internal._ph_run;

COMMENT ON VIEW runs IS
    'Every run that the warehouse knows: one row each; a failed one is told by the next that succeeds.';
COMMENT ON COLUMN runs.run_id IS 'Id of the run; begins with its start, so ids sort by time.';
COMMENT ON COLUMN runs.flow IS 'What was run, like ingest.';
COMMENT ON COLUMN runs."trigger" IS 'What started it, like cli.';
COMMENT ON COLUMN runs.origin IS
    'live: from the sources themselves; sample: from the built-in recordings, so no current prices.';
COMMENT ON COLUMN runs.scheduled_at IS 'When it was due, UTC; NULL: it was on no schedule.';
COMMENT ON COLUMN runs.started_at IS 'When it started, UTC.';
COMMENT ON COLUMN runs.finished_at IS 'When it ended, UTC.';
COMMENT ON COLUMN runs.outcome IS
    'published (something changed), unchanged (nothing did; published all the same), failed, or dry_run (nothing was written).';
COMMENT ON COLUMN runs.publication_id IS 'Publication that it made; NULL: none.';
COMMENT ON COLUMN runs.models IS 'Number of models listed after it; NULL: the run failed.';
COMMENT ON COLUMN runs.offers IS
    'Number of offers listed after it, without adapters; NULL: the run failed.';
COMMENT ON COLUMN runs.adapters IS 'Number of adapters listed after it; NULL: the run failed.';
COMMENT ON COLUMN runs.priced IS 'Number of cards with a price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.free IS 'Number of cards stated free after it; NULL: the run failed.';
COMMENT ON COLUMN runs.suspect IS
    'Number of cards with a suspect price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.unpriced IS
    'Number of cards without a readable price after it; NULL: the run failed.';
COMMENT ON COLUMN runs.rejected IS 'Number of rows that it refused; NULL: the run failed.';
COMMENT ON COLUMN runs.changes IS 'Number of changes that it recorded; NULL: the run failed.';
COMMENT ON COLUMN runs.holds IS 'Number of offers held after it; NULL: the run failed.';
COMMENT ON COLUMN runs.code_version IS 'Version of pricehouse that ran.';
COMMENT ON COLUMN runs.prefect_run_id IS 'Its id in Prefect, the scheduler; NULL: it ran without.';
COMMENT ON COLUMN runs.error IS 'Why it failed; NULL: it did not.';
