"""DuckDB and files: landing, the warehouse, what is published."""
