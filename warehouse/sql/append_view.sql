INSERT INTO internal._ph_view VALUES ($name, $checksum, $applied_at);
