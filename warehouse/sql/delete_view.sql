DELETE FROM internal._ph_view WHERE name = $name;
