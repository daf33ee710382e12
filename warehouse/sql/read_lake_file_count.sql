SELECT sum(file_count + delete_file_count) FROM ducklake_table_info('lake');
