-- Removes the older files that the catalogue never knew, unless it is a dry run.
SELECT path
FROM ducklake_delete_orphaned_files(
    'lake', older_than => $older_than::TIMESTAMPTZ, dry_run => $dry_run::BOOLEAN);
