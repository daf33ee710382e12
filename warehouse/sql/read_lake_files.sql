-- The files of a table that the newest snapshot reads: data, and deletes of its rows.
SELECT data_file, delete_file FROM ducklake_list_files('lake', $table, schema => 'internal');
