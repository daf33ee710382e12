-- `_ph_opened` is rewritten at each opening, and `_ph_compacted` describes the file itself.
SELECT schema_name || '.' || table_name FROM duckdb_tables()
WHERE NOT internal AND NOT temporary AND database_name = current_database()
  AND table_name NOT IN ('_ph_opened', '_ph_compacted')
ORDER BY table_name;
