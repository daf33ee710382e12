INSERT INTO _ph_view VALUES ($name, $checksum, $applied_at);
