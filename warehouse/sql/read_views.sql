SELECT name, checksum FROM _ph_view;
