"""A home whose record is a shared warehouse: hold both, and make the file a copy of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from schemas.errors import HomeKindError, TornWarehouse, WarehouseError
from schemas.records import Origin
from warehouse.connect import Connection
from warehouse.lake.attach import (
    NAME,
    attach_lake,
    has_catalogue,
    open_extensions,
    open_made_lake,
    stored_files,
)
from warehouse.lake.copies import empty, is_copy, pull, push, refresh, unlike_tables
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.lake_recorder import LakeRecorder
from warehouse.lake.lake_schema import Head, create, prepare, read_head, require_known_migration
from warehouse.lake.lake_settings import WAREHOUSE, LakeSettings
from warehouse.lake.shared_lock import hold_shared, require_writer
from warehouse.migrate import migrations
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.storage.lock import hold
from warehouse.store.objects import open_store
from warehouse.writer.staging_file import discard_log
from warehouse.writer.state import LastRun, last_run

Followed = Literal["equal", "refreshed", "pulled", "empty"]
MOST_RUNS_BEHIND = 48
"""A copy that is further behind is pulled whole, which then takes no longer."""
WRITE_CHECK = "write-check"
"""An empty object of the store: who may put it, also where it is already, may write there."""


@dataclass
class Lake:
    """A shared warehouse that this process may write."""

    settings: LakeSettings
    con: Connection

    def head(self) -> Head | None:
        """Return its newest run, None where it has no tables yet."""
        with lake_errors(self.settings):
            return read_head(self.con)

    def follow(self, home: Home, *, now: datetime) -> Followed:
        """Make the home's file the copy of the shared warehouse.

        A file whose newest run is not in it is dropped, and pulled. WarehouseError for a home with
        runs beside an empty shared warehouse; HomeKindError for data of the other kind.
        """
        head = self.head()
        try:
            last = last_run(home, now=now)
        except TornWarehouse:
            if head is None or head.is_empty:
                raise
            discard_log(home)
            last = None  # a copy can be made anew
        if head is None or head.is_empty:
            if last is not None:
                raise WarehouseError(
                    f"the shared warehouse ({self.settings.place}) is empty and {home.root} holds "
                    f"runs up to {last.run_id}: run `pricehouse warehouse push` to move them "
                    "there, or set PRICEHOUSE_HOME to an empty folder"
                )
            return "empty"
        require_known_migration(head)
        if last is not None and (last.sequence, last.run_id) == (head.sequence, head.run_id):
            return "equal"
        behind = last is not None and last.sequence < head.sequence and self.has(last)
        near = last is not None and head.sequence - last.sequence <= MOST_RUNS_BEHIND
        if last is not None and behind and near and head.migration == len(migrations()):
            refresh(home, self.settings, head, last)
            return "refreshed"
        pull(home, self.settings, head, now=now)
        return "pulled"

    def prepare(self, file: Connection) -> Head:
        """Make or renew tables and views by a file that follows; return the head."""
        with lake_errors(self.settings):
            return prepare(self.con, file)

    def recorder(self, last: LastRun | None) -> LakeRecorder:
        """Return what records the run after `last`."""
        head = self.head()
        if head is None or head.run_id != (last.run_id if last else None):
            raise WarehouseError(
                f"the shared warehouse ends with run {head and head.run_id}, and this machine's "
                f"copy with {last and last.run_id}; nothing was written, run again"
            )
        return LakeRecorder(self.con, self.settings, head)

    def has(self, last: LastRun) -> bool:
        """Return whether it has this run at its sequence, by its tables, which it must have."""
        with lake_errors(self.settings):
            return is_copy(self.con, last)

    def push(self, home: Home) -> LastRun:
        """Write the home's rows into it in the place of its own; the caller knows that they may."""
        with lake_errors(self.settings):
            head = create(self.con)
        return push(home, self.settings, head)

    def empty(self) -> None:
        """Drop all its rows: it ends with no run then, and an hour or a push begins it again."""
        head = self.head()
        if head is not None and not head.is_empty:
            empty(self.settings, head)

    def unlike_tables(self, home: Home) -> list[str]:
        """Return the tables of which the file has other rows; none in a copy."""
        return unlike_tables(home, self.settings)

    def runs(self) -> dict[int, str]:
        """Return sequence → run of every committed run."""
        head = self.head()
        if head is None or head.is_empty:  # then it may have no tables
            return {}
        with lake_errors(self.settings):
            return dict(self.con.execute(statement("read_published_runs")).fetchall())

    def require_kind(self, home: Home) -> None:
        """Raise HomeKindError unless the home has the kind of data that it holds, or it is new."""
        head = self.head()
        if head is None or head.is_empty:
            return
        _require_origin(_origin(self.settings, self.con), home.origin, home.root, self.settings)


@contextmanager
def hold_home(
    home: Home, settings: LakeSettings | None, *, wait_s: float, writes: bool = True
) -> Iterator[Lake | None]:
    """Hold a home for writing, and the shared warehouse that records it, if there is one.

    First the lock on this machine, then that of all: HomeBusy names who holds either. Where the
    home is to be a copy only (`writes` False), a role and a key that read are enough; else
    WarehouseError or StoreError names the one that may not write.
    """
    with hold(home.lock, wait_s=wait_s):
        if settings is None:
            yield None
            return
        with (
            open_extensions(settings) as con,
            hold_shared(con, settings, wait_s=wait_s),  # first: attaching makes the catalogue
        ):
            if writes:  # before anything is made or pulled
                require_writer(con, settings)
                open_store(settings.store).put_new(WRITE_CHECK, b"")
            with lake_errors(settings):
                if not has_catalogue(con, settings):
                    stored_files(con, settings)  # a new catalogue keeps its place, so it must exist
                attach_lake(con, settings)
                con.execute(f"USE {NAME}")
            yield Lake(settings, con)


def require_origin(origin: Origin, root: Path, settings: LakeSettings) -> None:
    """Raise HomeKindError unless a folder that is no home yet may become one with this data."""
    _require_origin(read_origin(settings), origin, root, settings)


def _require_origin(
    stored: Origin | None, origin: Origin, root: Path, settings: LakeSettings
) -> None:
    if stored is not None and stored != origin:
        raise HomeKindError(
            f"the shared warehouse ({settings.place}) holds {stored} data, and {root} {origin} "
            f"data; set another schema in {WAREHOUSE}, or another PRICEHOUSE_HOME"
        )


def read_origin(settings: LakeSettings) -> Origin | None:
    """Return the kind of the data of a shared warehouse, None where it is empty."""
    with open_made_lake(settings) as con, lake_errors(settings):
        head = None if con is None else read_head(con)
        if con is None or head is None or head.is_empty:
            return None
        return _origin(settings, con)


def _origin(settings: LakeSettings, con: Connection) -> Origin | None:
    with lake_errors(settings):
        row = con.execute(statement("read_origin")).fetchone()
    return row[0] if row else None
