-- Removes the older files that the catalogue never knew, unless it is a dry run.
SELECT path
FROM ducklake_delete_orphaned_files(
    'lake', older_than => now() - $age::INTERVAL, dry_run => $dry_run::BOOLEAN);
