SELECT origin FROM internal._ph_run ORDER BY sequence DESC LIMIT 1;
