DELETE FROM _ph_migration;
