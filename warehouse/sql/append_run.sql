INSERT INTO internal._ph_run VALUES (
    $sequence, $run_id, $flow, $trigger, $origin, $scheduled_at, $started_at, $finished_at,
    $outcome, $published, $models, $offers, $adapters, $priced, $free, $suspect, $unpriced,
    $rejected, $changes, $holds, $code_version, $prefect_run_id, $error
);
