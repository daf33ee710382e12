-- The columns of published relations, with types and comments.
SELECT table_name AS relation, column_name AS name, data_type AS type, comment
FROM duckdb_columns()
WHERE NOT internal AND database_name = current_database()
  AND list_contains($relations::VARCHAR[], table_name)
ORDER BY table_name, column_index;
