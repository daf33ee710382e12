SELECT coalesce(max(number), 0) FROM internal._ph_migration;
