-- Pages of a walk with fewer rows than the request asked for that were not the last; NULL: unknown.
ALTER TABLE _ph_run_feed ADD COLUMN short_pages BIGINT;
