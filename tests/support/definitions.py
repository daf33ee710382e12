"""What a database file defines, apart from its rows."""

from __future__ import annotations

import re
from typing import Any

import duckdb

_EXCLUDED = re.compile(r"EXCLUDE \(([^)]*)\)")
QUERIES = (
    "SELECT table_name, sql, comment FROM duckdb_tables() WHERE table_name <> '_ph_opened' "
    "ORDER BY ALL",
    "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
    "SELECT table_name, column_name, column_index, data_type, comment FROM duckdb_columns() "
    "WHERE NOT internal AND table_name <> '_ph_opened' ORDER BY ALL",
    "SELECT function_name, macro_definition, comment FROM duckdb_functions() "
    "WHERE NOT internal AND function_name NOT IN "
    "('_ph_newest_at', '_ph_oldest_at', '_ph_ranked_from', '_ph_origin') ORDER BY ALL",
)
"""The macros that are left out hold the times of an hour, as rows do."""


def definitions(con: duckdb.DuckDBPyConnection) -> list[list[tuple[Any, ...]]]:
    """Return the tables, views, columns and macros of a file with their comments.

    DuckDB turns the columns of an EXCLUDE around each time a file is opened: they are sorted.
    """
    return [
        [tuple(_sorted(value) for value in row) for row in con.execute(query).fetchall()]
        for query in QUERIES
    ]


def _sorted(value: object) -> object:
    """Return a definition with the columns of each EXCLUDE in order; another value as it is."""
    if not isinstance(value, str):
        return value
    return _EXCLUDED.sub(lambda found: f"EXCLUDE {sorted(found[1].split(', '))}", value)
