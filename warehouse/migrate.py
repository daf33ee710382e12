"""Bring the writer's file to the newest schema, each migration in one transaction with its row."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from warehouse.connect import DISK_TROUBLE, Connection
from warehouse.internal_schema import (
    FIRST_MIGRATION,
    drop_from_main,
    has_schema,
    in_its_schema,
    in_main,
)
from warehouse.statements import statement
from warehouse.view_files import apply_views, unknown_views
from warehouse.writer.stored_cards import are_stored, store_every_card

_FOLDER = Path(__file__).with_name("migrations")
_NAME = re.compile(r"^(\d{3})_[a-z]+(_[a-z]+)+\.sql$")


def migrations() -> list[tuple[int, Path]]:
    """Return (number, file) in order; numbers run from 1 without a hole."""
    found = []
    for path in sorted(_FOLDER.glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise WarehouseError(f"{path.name} is no migration name like 005_add_column.sql")
        found.append((int(match[1]), path))
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise WarehouseError("migrations are not numbered 001, 002, … without a hole")
    return found


def migrate(con: Connection, *, now: datetime) -> None:
    """Run the migrations that this file lacks, then define the views that changed.

    WarehouseError, with nothing changed, for a file that newer code wrote.
    """
    run_migrations(con, now=now)
    apply_views(con, now=now)
    if not are_stored(con):
        _store_cards(con)


def run_migrations(con: Connection, *, now: datetime, last: int | None = None) -> None:
    """Run the migrations that this file lacks, up to `last`; the views stay as they are."""
    if has_schema(con):
        drop_from_main(con)
    else:
        con.execute(in_main(statement("create_migration_ledger")))
    done, known = require_known(con), migrations()
    for number, path in known[done:last]:
        con.execute("BEGIN")
        try:
            con.execute(path.read_text("utf-8"))
            append = statement("append_migration")
            con.execute(
                append if number >= FIRST_MIGRATION else in_main(append),
                {"number": number, "name": path.stem, "applied_at": now},
            )
        except duckdb.Error as error:
            con.execute("ROLLBACK")
            raise WarehouseError(
                f"migration {path.name} cannot be applied: {error}; the warehouse is as it was"
            ) from error
        con.execute("COMMIT")


def _store_cards(con: Connection) -> None:
    con.execute("BEGIN")
    try:
        store_every_card(con)
    except DISK_TROUBLE:  # whoever opened the file says what to do
        raise
    except duckdb.Error as error:
        con.execute("ROLLBACK")
        raise WarehouseError(
            f"cards cannot be stored by their new definition: {error}; the warehouse is as it was"
        ) from error
    con.execute("COMMIT")


def require_known(con: Connection) -> int:
    """Return the last migration of a file; WarehouseError when newer code wrote it."""
    row = con.execute(in_its_schema(con, statement("read_last_migration"))).fetchone()
    done, known = int(row[0]) if row else 0, len(migrations())
    if done > known:
        raise _newer(f"has migration {done}, this pricehouse knows {known}")
    if unknown := unknown_views(con):
        raise _newer(f"has views that this pricehouse does not know ({', '.join(unknown)})")
    return done


def _newer(what: str) -> WarehouseError:
    return WarehouseError(
        f"this warehouse {what}: it was written by newer code. "
        "Update the checkout and run `make venv`."
    )
