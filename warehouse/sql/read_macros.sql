-- The macros that a publication has for readers, with their parameters and what they are for.
SELECT function_name AS name, parameters, comment FROM duckdb_functions()
WHERE function_type = 'table_macro' AND NOT internal AND schema_name = 'main'
      AND NOT starts_with(function_name, '_')
ORDER BY name;
