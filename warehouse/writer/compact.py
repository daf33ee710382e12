"""Rewrite the writer's file in the order of its keys: smaller, and again fast to read."""

from __future__ import annotations

from datetime import datetime

import duckdb
from duckdb import ColumnExpression, DuckDBPyRelation

from schemas.errors import WarehouseError
from warehouse.connect import Connection, Limits, open_reader, open_writer
from warehouse.hour_macros import define_hour_macros
from warehouse.migrate import migrate
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.table_statements import delete_all_rows
from warehouse.tables import TABLES, Kind, tables_of
from warehouse.writer.staging_file import replace_warehouse, require_warehouse, staged_database
from warehouse.writer.state import LastRun
from warehouse.writer.table_content import content_of, table_names

EVERY_RUNS = 24
"""Committed runs after which a rewrite is worth its time: by then reading is three times slower."""
_BATCH_ROWS = 20_000
_READING = Limits(memory="256MB")
"""Rows of the old file only pass through; without a limit DuckDB keeps all blocks that it read."""
_ORDER = {table.name: table.order for table in TABLES}


def runs_since_compaction(con: Connection) -> int:
    """Count the committed runs since the file was last rewritten."""
    con.execute(statement("create_compaction_table"))
    row = con.execute(statement("read_runs_since_compaction")).fetchone()
    return int(row[0]) if row else 0


def compact(home: Home, last: LastRun, *, now: datetime) -> None:
    """Write all rows into a new file, compare it with the old one, and put it in its place.

    The writer's file must be closed, migrated and end with `last`. WarehouseError, with nothing
    changed, when the new file does not hold the same.
    """
    with staged_database(home.root, home.warehouse.name) as staged:
        try:
            with open_reader(home.warehouse, _READING) as old, open_writer(staged) as new:
                _rewrite(old, new, now=now)
                _require_equal(old, new)
        except duckdb.Error as error:
            first = str(error).strip().splitlines()[0][:200]
            raise WarehouseError(
                f"{home.warehouse} cannot be rewritten: {first}; nothing was changed"
            ) from error
        require_warehouse(staged, run_id=last.run_id, sequence=last.sequence)
        replace_warehouse(home, staged)


def _rewrite(old: Connection, new: Connection, *, now: datetime) -> None:
    migrate(new, now=now)
    for table in (*tables_of(Kind.LEDGER), *tables_of(Kind.DERIVED)):
        new.execute(delete_all_rows(table))  # it is copied with the rows that it holds
    for name in table_names(old):
        _copy(old.table(name), new, name)
    define_hour_macros(new)
    new.execute(statement("create_compaction_table"))
    new.execute(statement("replace_compaction_mark"))
    new.execute("CHECKPOINT")


def _copy(rows: DuckDBPyRelation, new: Connection, name: str) -> None:
    # As a stream from the one connection to the other: ATTACH takes no bound path.
    fresh = new.from_arrow(rows.to_arrow_reader(_BATCH_ROWS))
    order = [ColumnExpression(column) for column in _ORDER.get(name, ())]
    (fresh.sort(*order) if order else fresh).insert_into(name)


def _require_equal(old: Connection, new: Connection) -> None:
    tables = table_names(old)
    if tables != table_names(new):
        raise WarehouseError("the rewritten warehouse has other tables; nothing was changed")
    for name in tables:
        before, after = old.table(name), new.table(name)
        if (before.columns, before.types) != (after.columns, after.types):
            raise WarehouseError(f"the rewritten {name} has other columns; nothing was changed")
        if content_of(before) != content_of(after):
            raise WarehouseError(f"the rewritten {name} has other rows; nothing was changed")
