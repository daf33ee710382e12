SELECT DISTINCT part FROM touched_group ORDER BY part;
