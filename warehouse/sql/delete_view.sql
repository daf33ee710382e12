DELETE FROM _ph_view WHERE name = $name;
