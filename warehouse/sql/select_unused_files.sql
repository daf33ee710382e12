-- Removes the files that no snapshot has needed for longer, unless it is a dry run.
SELECT path
FROM ducklake_cleanup_old_files(
    'lake', older_than => $older_than::TIMESTAMPTZ, dry_run => $dry_run::BOOLEAN);
