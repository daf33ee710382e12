"""A warehouse that several machines share: DuckLake, with its catalogue in PostgreSQL."""
