-- The tables that have files; without any the shared warehouse has no tables, or PostgreSQL has all.
SELECT table_name FROM ducklake_table_info('lake') WHERE file_count > 0;
