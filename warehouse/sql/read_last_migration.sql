SELECT coalesce(max(number), 0) FROM _ph_migration;
