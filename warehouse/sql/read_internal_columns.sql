SELECT c.table_name, c.column_name, c.data_type, c.is_nullable
FROM duckdb_columns() c
WHERE c.schema_name = $schema AND c.database_name = coalesce($database, current_database())
ORDER BY c.table_name, c.column_index;
