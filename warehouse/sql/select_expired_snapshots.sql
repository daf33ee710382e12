-- Expires the snapshots that are older, unless it is a dry run.
SELECT snapshot_id
FROM ducklake_expire_snapshots(
    'lake', older_than => $older_than::TIMESTAMPTZ, dry_run => $dry_run::BOOLEAN);
