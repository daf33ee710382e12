SELECT name, checksum FROM internal._ph_view;
