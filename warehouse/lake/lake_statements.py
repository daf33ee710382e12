"""SQL about tables of a shared warehouse that is put together from parts.

As in warehouse/table_statements.py the identifiers are constants of warehouse/tables.py or columns
of its tables, never data; values are bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from warehouse.internal_schema import SCHEMA
from warehouse.lake.attach import NAME
from warehouse.tables import TABLES, Kind, Table

SHARED = tuple(t for t in TABLES if t.kind not in {Kind.DERIVED, Kind.LEDGER})
"""The tables that a shared warehouse holds. Derived ones it has as views: a copy makes their rows
again in a second, and in the lake they would be files and deletes of each hour."""
KEYED = {"_ph_check": ("check_id",), "_ph_alert": ("alert_id",)}
"""Append-only tables of which a later run updates rows, by what names a row."""


def in_lake(table: Table) -> str:
    """Return the name of a table of the shared warehouse that is attached beside a file."""
    return f"{NAME}.{table.name}"


def create_table(table: Table, columns: Iterable[tuple[str, str, bool]], *, where: str = "") -> str:
    """Return the statement that creates a table of these (name, type, may be NULL)."""
    parts = ", ".join(
        f'"{name}" {kind}' + ("" if nullable else " NOT NULL") for name, kind, nullable in columns
    )
    return f"CREATE TABLE {where}{table.name} ({parts})"


def add_column(table: Table, name: str, kind: str) -> str:
    """Return the statement that adds a column, NULL in the rows that are there."""
    return f'ALTER TABLE {table.name} ADD COLUMN "{name}" {kind}'


def copy_rows(table: Table, *, source: str, target: str) -> str:
    """Return the statement that inserts all rows of one database's table into another's, in the
    order of the table."""
    order = ", ".join(f'"{column}"' for column in table.order)
    return f"INSERT INTO {target} BY NAME FROM {source} ORDER BY {order}"


def append_new_rows(table: Table) -> str:
    """Return the statement that copies from the lake what runs after `$sequence` appended."""
    if table.kind is Kind.LOG:
        newer = f"{table.row_id} > (SELECT coalesce(max({table.row_id}), 0) FROM {table.name})"  # noqa: S608 (see above)
    elif table.relation == "_ph_run":
        newer = "sequence > $sequence"
    else:
        runs = f"SELECT run_id FROM {NAME}.{SCHEMA}._ph_run WHERE sequence > $sequence"  # noqa: S608 (see above)
        newer = f"run_id IN ({runs})"
    order = ", ".join(f'"{column}"' for column in table.order)
    return f"INSERT INTO {table.name} BY NAME FROM {in_lake(table)} WHERE {newer} ORDER BY {order}"


def make_equal(table: Table, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the statements that make the rows of the file's table those of the lake's."""
    key = KEYED.get(table.relation, table.order)
    names = ", ".join(f'"{column}"' for column in columns)
    same = " AND ".join(f't."{column}" = s."{column}"' for column in key)
    order = ", ".join(f'"{column}"' for column in table.order)
    own, other = f"SELECT {names} FROM {table.name}", f"SELECT {names} FROM pulled"  # noqa: S608 (see above)
    return (
        f"CREATE TEMP TABLE pulled AS SELECT {names} FROM {in_lake(table)}",  # noqa: S608 (see above)
        f"CREATE TEMP TABLE stale AS {own} EXCEPT {other}",
        f"CREATE TEMP TABLE fresh AS {other} EXCEPT {own}",
        f"DELETE FROM {table.name} t USING stale s WHERE {same}",  # noqa: S608 (see above)
        f"INSERT INTO {table.name} BY NAME FROM fresh ORDER BY {order}",
        "DROP TABLE pulled",
        "DROP TABLE stale",
        "DROP TABLE fresh",
    )


def count_rows(tables: Iterable[Table], *, prefix: str = "") -> str:
    """Return the query for the rows of each table, by its name."""
    return " UNION ALL ".join(
        f"SELECT '{table.relation}', count(*) FROM {prefix}{table.name}"  # noqa: S608 (see above)
        for table in tables
    )
