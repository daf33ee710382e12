"""Move a home into a shared warehouse or out of it: `pricehouse warehouse push` and `pull`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.context import LOCK_WAIT_S
from pipeline.following import follow, publish_copy
from pipeline.maintenance import recover_home
from pipeline.moving import Moved, push_held
from pipeline.progress import OnStep, ignore_step
from pipeline.store import stored_home
from pipeline.torn_warehouse import read_warehouse
from schemas.clock import Clock, utc_now
from schemas.errors import UsageError, WarehouseError
from warehouse.connect import Connection
from warehouse.lake.lake_settings import WAREHOUSE, LakeSettings
from warehouse.lake.shared_home import Lake, hold_home, read_origin
from warehouse.migrate import migrate
from warehouse.storage.future_runs import require_no_future_run
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store
from warehouse.store.reservations import require_same_history
from warehouse.writer.state import LastRun, last_run, read_last_run


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What a push to a shared warehouse or a pull from it did; `--json` prints this."""

    home: str
    warehouse: str
    """Where the shared one is, without a password."""
    how: str
    """pushed, rewritten, pulled, refreshed, or equal: nothing had to be copied."""
    run_id: str
    sequence: int
    """The newest run, with which both end; all their tables were compared row for row."""
    stored: Moved | None = None
    """What the store was given of the landing and the publications."""


# Seven parameters: three places, and what only some callers have.
def push_copy(
    root: Path,
    lake: LakeSettings,
    store: Store,
    *,
    rewrite: bool = False,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Copied:
    """Write a home into an empty shared warehouse, and what it landed into the store.

    With `rewrite` all tables are written anew where the shared warehouse ends with the same run,
    whatever became of its files. WarehouseError, with nothing written, where it holds other runs.
    """
    home = Home.at(root)
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        shared = _required(shared)
        on_step("read the home")
        last = _last_run(home, clock())
        if last is None:
            raise UsageError(f"{root} has no committed run; there is nothing to push")
        # before anything is written to the store, and before a run that the shared warehouse may
        # hold is marked as interrupted
        is_empty = _is_empty(shared, home, last)
        if is_empty:
            require_same_history(store, Landing(home.landing), None)
        recover_home(home, clock())
        moved = push_held(home, store, last, is_shared=not is_empty, on_step=on_step)
        how = "pushed" if is_empty else "rewritten" if rewrite else "equal"
        if how != "equal":
            on_step("write the tables")
            shared.push(home)
        on_step("compare row for row")
        _require_copy(shared, home)
        return _copied(home, lake, how, last, moved)


def _last_run(home: Home, now: datetime) -> LastRun | None:
    """Return the newest run of the home's file, which is restored first where a kill tore it."""

    def read(con: Connection) -> LastRun | None:
        migrate(con, now=now)
        return read_last_run(con)

    return read_warehouse(home, Landing(home.landing), read) if home.warehouse.exists() else None


def _is_empty(shared: Lake, home: Home, last: LastRun) -> bool:
    """Return whether the shared warehouse has no run; WarehouseError where it has others."""
    head = shared.head()
    if head is None or head.is_empty:
        return True
    if head.run_id != last.run_id:
        shared.require_kind(home)  # not of a copy: the file that says so may be lost
        remedy = (
            "Run `pricehouse warehouse pull` here, and push again"
            if shared.has(last)
            else "`pricehouse warehouse pull` into an empty home makes a copy of it; another "
            f"schema= in {WAREHOUSE} with another PRICEHOUSE_STORE is another one"
        )
        raise WarehouseError(
            f"the shared warehouse ({shared.settings.place}) ends with run {head.run_id} and "
            f"{home.root} with {last.run_id}; nothing was written, there or to the store. {remedy}"
        )
    return False


def pull_copy(
    root: Path,
    lake: LakeSettings,
    store: Store,
    *,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Copied:
    """Make a home, which may be empty, the copy of the shared warehouse, and publish it.

    UsageError where the shared warehouse is empty. HomeError where a run lies in the future;
    WarehouseError where the home has later runs, which a replay adds.
    """
    origin = read_origin(lake)
    if origin is None:
        raise UsageError(
            f"the shared warehouse ({lake.place}, schema {lake.schema}) is empty; "
            "`pricehouse ingest` begins it, `pricehouse warehouse push` moves a home into it"
        )
    home = Home.open(root, origin=origin)
    with hold_home(home, lake, wait_s=lock_wait_s, writes=False) as shared:
        shared = _required(shared)
        on_step("copy what other machines landed, and the tables")
        stored = stored_home(home, store, is_shared=True)
        how = follow(shared, home, stored, now=clock(), writes=False)
        require_no_future_run(Landing(home.landing), clock())
        recover_home(home, clock())
        on_step("compare row for row")
        _require_copy(shared, home)
        on_step("publish")
        publish_copy(home, now=clock())
        last = last_run(home, now=clock())
        if last is None:
            raise WarehouseError(f"{home.warehouse} has no run (internal error)")
        return _copied(home, lake, how, last, None)


def _required(shared: Lake | None) -> Lake:
    if shared is None:
        raise UsageError(f"{WAREHOUSE} is not set; there is no shared warehouse")
    return shared


def _require_copy(shared: Lake, home: Home) -> None:
    if unlike := shared.unlike_tables(home):
        raise WarehouseError(
            f"{home.root} and the shared warehouse ({shared.settings.place}) have other rows in "
            f"{', '.join(unlike)}. Move warehouse.duckdb away and pull again"
        )


def _copied(
    home: Home, lake: LakeSettings, how: str, last: LastRun, stored: Moved | None
) -> Copied:
    return Copied(
        home=str(home.root),
        warehouse=f"{lake.place}, schema {lake.schema}",
        how=how,
        run_id=last.run_id,
        sequence=last.sequence,
        stored=stored,
    )
