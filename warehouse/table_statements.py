"""The only SQL that is put together from parts: one statement for every table of a kind.

DuckDB binds values and never identifiers, and its relational API neither inserts by column name
nor deletes. The identifiers here are the constants of warehouse/tables.py, never data; values
are always bound or come from a registered frame.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.tables import Table


def insert_rows(table: Table) -> str:
    """Return the statement that inserts the frame `fresh` by column name."""
    return f"INSERT INTO {table.name} BY NAME SELECT * FROM fresh"  # noqa: S608 (see above)


def delete_rows(table: Table) -> str:
    """Return the statement that deletes the rows of a current table whose keys `stale` holds."""
    same_key = " AND ".join(f"t.{column} = s.{column}" for column in table.order)
    return f"DELETE FROM {table.name} t USING stale s WHERE {same_key}"  # noqa: S608 (see above)


def delete_all_rows(table: Table) -> str:
    """Return the statement that empties a table."""
    return f"DELETE FROM {table.name}"  # noqa: S608 (see above)


def find_shared_keys(tables: Iterable[Table]) -> str:
    """Return the query for the `part` of each current table in which two rows share a key."""
    return " UNION ".join(
        f"SELECT '{table.part}' FROM {table.name} "  # noqa: S608 (see above)
        f"GROUP BY {', '.join(table.order)} HAVING count(*) > 1"
        for table in tables
    )
