-- The published relations and macros with their comments. A publication stores some views as tables.
WITH relation AS (
    SELECT view_name AS name, comment FROM duckdb_views()
    WHERE NOT internal AND database_name = current_database()
    UNION ALL
    SELECT table_name, comment FROM duckdb_tables() WHERE database_name = current_database()
)
SELECT 'relation' AS kind, name, comment, NULL::VARCHAR[] AS parameters FROM relation
WHERE list_contains($relations::VARCHAR[], name)
UNION ALL
SELECT 'macro', function_name, comment, parameters FROM duckdb_functions()
WHERE NOT internal AND function_type = 'table_macro' AND database_name = current_database()
  AND NOT starts_with(function_name, '_ph_')
ORDER BY kind, name;
