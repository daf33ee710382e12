"""DuckDB and files: what was landed, what the warehouse says, what is published."""
