"""The schema of the tables and views that are not published: readers list only the others.

Files before migration 015 have them in `main`, beside the published relations.
"""

from __future__ import annotations

import re

import duckdb

SCHEMA = "internal"
PREFIX = "_ph_"
FIRST_MIGRATION = 15
"""Moves the tables here; each statement of a migration before it reads them in `main`."""
_LEDGER = f"{PREFIX}migration"
_IN_SCHEMA = f"{SCHEMA}.{PREFIX}"
_HAS_SCHEMA = (
    "SELECT count(*) FROM duckdb_schemas() "
    "WHERE schema_name = $schema AND database_name = current_database()"
)
_IN_MAIN = """
SELECT table_name FROM duckdb_tables()
WHERE starts_with(table_name, $prefix) AND schema_name = 'main'
  AND database_name = current_database()
UNION ALL
SELECT view_name FROM duckdb_views()
WHERE starts_with(view_name, $prefix) AND schema_name = 'main'
  AND database_name = current_database()
"""


def has_schema(con: duckdb.DuckDBPyConnection) -> bool:
    """Return whether the file has the schema; one of earlier code has not."""
    row = con.execute(_HAS_SCHEMA, {"schema": SCHEMA}).fetchone()
    return row is not None and row[0] > 0


def in_main(text: str) -> str:
    """Return a statement as files of earlier code need it, which have the tables in `main`."""
    return text.replace(_IN_SCHEMA, PREFIX)


def in_its_schema(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """Return a statement as this file needs it, also while it lacks migrations."""
    return text if has_schema(con) else in_main(text)


def in_temp(text: str, names: tuple[str, ...]) -> str:
    """Return a definition of ours that reads the temporary relations of these names instead."""
    for name in names:
        text = text.replace(f"VIEW {SCHEMA}.{name} ", f"TEMP VIEW {name} ")
        text = re.sub(rf"\b{SCHEMA}\.{name}\b", f"temp.{name}", text)
    return text


def stand_in(con: duckdb.DuckDBPyConnection) -> None:
    """Let statements of ours read a file of earlier code, which is open read-only.

    A database in memory has the name of the schema, and a view of each table and view that the
    file has in `main`.
    """
    if not (names := _names_in_main(con)):
        return
    row = con.execute("SELECT current_database()").fetchone()
    file = _quoted(row[0] if row else "")
    con.execute(f"ATTACH ':memory:' AS {SCHEMA} (READ_WRITE)")
    for name in names:
        con.execute(f"CREATE VIEW {SCHEMA}.{_quoted(name)} AS FROM {file}.main.{_quoted(name)}")


def drop_from_main(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the empty tables that earlier code made in a file that has the schema.

    It does not see the schema, so it begins the migrations again, and fails at the first view.
    """
    names = _names_in_main(con)
    if _LEDGER in names:
        for name in names:
            con.execute(f"DROP TABLE main.{_quoted(name)}")


def _names_in_main(con: duckdb.DuckDBPyConnection) -> list[str]:
    found = con.execute(_IN_MAIN, {"prefix": PREFIX}).fetchall()
    return sorted(name for (name,) in found)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
