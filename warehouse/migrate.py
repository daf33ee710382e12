"""Bring the writer's file to the newest schema, each migration in one transaction with its row."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from warehouse.connect import Connection
from warehouse.statements import statement

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
    """Run the migrations that this file has not seen; refuse a file from newer code."""
    con.execute(statement("create_migration_ledger"))
    done, known = require_known(con), migrations()
    for number, path in known[done:]:
        con.execute("BEGIN")
        try:
            con.execute(path.read_text("utf-8"))
            con.execute(
                statement("append_migration"),
                {"number": number, "name": path.stem, "applied_at": now},
            )
        except duckdb.Error as error:
            con.execute("ROLLBACK")
            raise WarehouseError(
                f"migration {path.name} cannot be carried out: {error}; the warehouse is as it was"
            ) from error
        con.execute("COMMIT")


def require_known(con: Connection) -> int:
    """Return the last migration of a file; WarehouseError when newer code wrote it."""
    row = con.execute(statement("read_last_migration")).fetchone()
    done, known = int(row[0]) if row else 0, len(migrations())
    if done > known:
        raise WarehouseError(
            f"this warehouse has migration {done}, this pricehouse knows {known}: it was "
            "written by newer code. Update the checkout and run `make venv`."
        )
    return done
