"""The tables and views of a shared warehouse: those of a file, without what DuckLake refuses.

Comments on columns and macros stay out: DuckLake refuses the first, and a macro whose parameter has
NULL by default makes its whole catalogue unusable. A pulled file has both.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import NamedTuple

import duckdb

from schemas.errors import WarehouseError
from warehouse.connect import Connection
from warehouse.hour_macros import without_hour_macros
from warehouse.internal_schema import SCHEMA
from warehouse.lake.attach import NAME
from warehouse.lake.lake_statements import SHARED, add_column, create_table
from warehouse.migrate import migrations
from warehouse.statements import statement
from warehouse.table_statements import delete_all_rows, insert_rows
from warehouse.view_files import INTERNAL, PUBLISHED, definition
from warehouse.writer.table_content import content_of

HEAD = f"{SCHEMA}._ph_head"
_BATCH_ROWS = 20_000


class Column(NamedTuple):
    """One column of a table."""

    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True)
class Head:
    """The newest run of a shared warehouse, and which code made its tables and views."""

    sequence: int
    run_id: str | None
    migration: int
    views: str

    @property
    def is_empty(self) -> bool:
        """Whether no run was committed yet."""
        return self.run_id is None


def read_head(lake: Connection) -> Head | None:
    """Return the head, None where the shared warehouse has no tables yet."""
    try:
        row = lake.execute(statement("read_head")).fetchone()
    except duckdb.CatalogException:
        return None
    return Head(*row) if row else None


def prepare(lake: Connection, file: Connection) -> Head:
    """Make or renew the tables and views, as a migrated file with the same rows has them.

    In one transaction, under the lock. WarehouseError for a warehouse that newer code wrote.
    """
    head, number, views = read_head(lake), len(migrations()), views_checksum()
    if head is not None:
        require_known_migration(head)
        if (head.migration, head.views) == (number, views):
            return head
    lake.execute("BEGIN")
    if head is None:
        head = _create_head(lake)
    if head.migration < number or head.is_empty:
        _align_tables(lake, file)
    define_views(lake)
    renewed = replace(head, migration=number, views=views)
    write_head(lake, head, renewed)
    lake.execute("COMMIT")
    return renewed


def create(lake: Connection) -> Head:
    """Return the head, of a new shared warehouse one without a run; the tables come with a push."""
    head = read_head(lake)
    if head is not None:
        require_known_migration(head)
        return head
    lake.execute("BEGIN")
    head = _create_head(lake)
    lake.execute("COMMIT")
    return head


def define_views(lake: Connection) -> None:
    """Define all views; the names of a shared warehouse need no prefix here."""
    for query in view_queries():
        lake.execute(query)


def write_head(lake: Connection, head: Head, moved: Head) -> None:
    """Move the head, in the transaction that writes the rows; WarehouseError if it is another."""
    values = asdict(moved) | {"expected": head.run_id}
    if lake.execute(statement("update_head"), values).fetchone() != (1,):
        raise WarehouseError(
            f"the shared warehouse no longer ends with run {head.run_id}: another writer committed "
            "meanwhile; nothing was written, run again"
        )


def current_head(sequence: int, run_id: str) -> Head:
    """Return the head of a warehouse that this code has written up to a run."""
    return Head(sequence, run_id, len(migrations()), views_checksum())


def _create_head(lake: Connection) -> Head:
    lake.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    lake.execute(statement("create_head"))
    return Head(0, None, 0, "")


def require_known_migration(head: Head) -> None:
    """Raise WarehouseError for a shared warehouse that newer code wrote."""
    if head.migration > len(migrations()):
        raise WarehouseError(
            f"the shared warehouse has migration {head.migration}, this pricehouse knows "
            f"{len(migrations())}: it was written by newer code. Update the checkout and run "
            "`make venv`."
        )


def view_queries() -> Iterator[str]:
    """Yield what defines the views, each after those that it reads.

    What a file stores of derived rows is a view here.
    """
    for name in (*INTERNAL, *PUBLISHED):
        for part in duckdb.extract_statements(definition(name)[0]):
            query = re.sub(r"^\s*--.*$", "", part.query, flags=re.MULTILINE).strip()
            query = without_hour_macros(query)
            if query.startswith("COMMENT ON COLUMN"):
                continue
            as_view = query.replace("CREATE OR REPLACE TABLE", "CREATE OR REPLACE VIEW")
            yield as_view if as_view == query else as_view.replace(" LIMIT 0", "")


def views_checksum() -> str:
    """Return the sha256 of all that defines views here."""
    return sha256("\n".join(view_queries()).encode()).hexdigest()


def columns_of(con: Connection, database: str | None = None) -> dict[str, list[Column]]:
    """Return the columns of each table of the schema, in their order."""
    found = con.execute(
        statement("read_internal_columns"), {"database": database, "schema": SCHEMA}
    ).fetchall()
    columns: dict[str, list[Column]] = defaultdict(list)
    for table, name, kind, nullable in found:
        columns[table].append(Column(name, kind, nullable))
    return columns


def _align_tables(lake: Connection, file: Connection) -> None:
    """Give every table the columns of the file's, and its rows where a migration changed them."""
    wanted, present = columns_of(file), columns_of(lake, NAME)
    for table in SHARED:
        before = {column.name: column for column in present.get(table.relation, [])}
        after = wanted[table.relation]
        if not before:
            lake.execute(create_table(table, after))
        elif before.keys() - {column.name for column in after}:
            lake.execute(f"DROP TABLE {table.name}")
            lake.execute(create_table(table, after))
        for column in after:
            if before and column.name not in before:
                lake.execute(add_column(table, column.name, column.kind))
        names = [column.name for column in after]
        rows = file.table(table.name).select(*names)
        if content_of(rows) != content_of(lake.table(table.name).select(*names)):
            lake.execute(delete_all_rows(table))
            lake.register("fresh", rows.to_arrow_reader(_BATCH_ROWS))
            lake.execute(insert_rows(table))
            lake.unregister("fresh")
