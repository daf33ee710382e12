"""Read the writer's current rows as frames."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from schemas.delta import CURRENT, State
from schemas.state import STORED_MODELS
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.tables import Kind, tables_of
from warehouse.writer.frames import run_with_frames


@dataclass(frozen=True)
class LastRun:
    """The newest committed run of the warehouse; `revised`: it replaced earlier values."""

    run_id: str
    sequence: int
    finished_at: datetime
    revised: bool = False


def read_state(con: Connection) -> State:
    """Return all current rows, each frame in its contract."""
    frames = {table.part: read_current(con, table.part) for table in tables_of(Kind.CURRENT)}
    return State(**frames, observed=read_feed_times(con))


def read_current(con: Connection, part: str) -> pl.DataFrame:
    """Return the current rows of one part of a State in its contract."""
    (table,) = (table for table in tables_of(Kind.CURRENT) if table.part == part)
    return CURRENT[part].shape(con.table(table.name).pl())


def read_named_models(con: Connection, written: pl.DataFrame) -> pl.DataFrame:
    """Return what makes names one model (of STORED_MODELS): of the `model_id` written, in any
    spelling, and of the names that these models have today.

    A home has the names of all years, of which an hour needs few.
    """
    run_with_frames(con, statement("create_named_models"), written=written)
    found, kinds = con.table("named_model").pl(), STORED_MODELS.dtypes
    return found.select(pl.col(name).cast(kinds[name]) for name in found.columns)


def read_feed_times(con: Connection) -> dict[str, datetime]:
    """Return feed → time of its last whole answer."""
    return {
        feed: observed_at.astimezone(UTC)
        for feed, observed_at in con.execute(statement("read_feed_times")).fetchall()
    }


def read_short_pages(con: Connection, *, walks: int) -> dict[str, list[int]]:
    """Return feed → the short pages of its last whole walks, the newest first."""
    found: dict[str, list[int]] = {}
    for feed, number in con.execute(statement("read_short_pages"), {"walks": walks}).fetchall():
        found.setdefault(feed, []).append(number)
    return found


def last_run(home: Home, *, now: datetime) -> LastRun | None:
    """Return the newest run of a home's file, None without one."""
    if not home.warehouse.exists():
        return None
    with open_writer(home.warehouse) as con:  # merges the log that a killed run left
        migrate(con, now=now)
        return read_last_run(con)


def read_last_run(con: Connection) -> LastRun | None:
    """Return the newest committed run, None in a new warehouse."""
    row = con.execute(statement("read_last_run")).fetchone()
    return LastRun(row[0], row[1], row[2].astimezone(UTC), row[3]) if row else None


def read_details_time(con: Connection) -> datetime | None:
    """Return when the daily fields were last fetched whole, None when never."""
    row = con.execute(statement("read_details_time")).fetchone()
    return row[0].astimezone(UTC) if row and row[0] else None
