INSERT INTO internal._ph_migration VALUES ($number, $name, $applied_at);
