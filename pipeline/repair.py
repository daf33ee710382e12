"""Repair a home that runs of a clock ahead of the time have entered: `doctor --repair`.

The warehouse is made again from the other runs first, and put in place; then the future runs are
set aside. A kill between two steps leaves a home that the same command completes.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from pipeline.context import LOCK_WAIT_S
from pipeline.following import follow, set_checkpoints_aside
from pipeline.home_metrics import refresh_metrics
from pipeline.progress import OnStep, ignore_step
from pipeline.replay import rebuild
from pipeline.store import stored_home
from schemas.clock import Clock, utc_now
from warehouse.connect import open_writer
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.shared_home import hold_home
from warehouse.migrate import migrate
from warehouse.publication.publish import forget_publications, publish, published_id
from warehouse.storage.future_runs import (
    future_runs,
    has_future_mark,
    require_wrong_clock,
    set_aside,
    unmark,
)
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of
from warehouse.storage.run_folder import RunFolder
from warehouse.store.objects import Store
from warehouse.writer.staging_file import SCRATCH, replace_warehouse, staged_database
from warehouse.writer.state import last_run, read_last_run


class Repaired(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair did; `doctor --repair --json` prints this."""

    home: str
    set_aside: list[str]
    """Runs that were moved to landing/set-aside."""
    decisions: list[str]
    """Those of them that carried out decisions, which have to be made again."""
    rebuilt: bool
    publication_id: str | None


def repair(
    root: Path,
    *,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Repaired:
    """Set the runs of the future aside and publish what the others come to; again it does nothing.

    HomeError, with nothing changed, when this clock is the wrong one; LandingError when the bytes
    of another run are missing and no checkpoint of one replaces them.
    """
    home = Home.at(root)
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        now, landing = clock(), Landing(home.landing)
        stored = stored_home(home, store, is_shared=shared is not None)
        if shared is not None:  # what is written there below has all that other machines committed
            on_step("follow the shared warehouse")
            follow(shared, home, stored, now=now)
        future = future_runs(landing, now)
        require_wrong_clock(future)
        ids = {run.run_id for run in future}
        kept = [run for run in landing.committed() if run.run_id not in ids]
        on_step("make the warehouse again")
        rebuilt = _rebuild(home, kept, now=now)
        if shared is not None and rebuilt:
            if kept:
                shared.push(home)
            else:
                shared.empty()
        on_step("set the future runs aside")
        set_checkpoints_aside(home, ids, stored)
        for run in reversed(future):  # the newest first, so that what is left is in order
            on_step("set a run aside")
            if stored:
                stored.withdraw(run)
            set_aside(run, now=now)
        for run in landing.runs():
            if has_future_mark(run, now):
                if stored:
                    stored.delete([run.path / "end.json"])
                unmark(run)
        on_step("publish")
        _publish(home, landing, kept)
        refresh_metrics(home, now=now)
        if stored:
            stored.begin(sequence_of(kept[-1]) if kept else 0)
            stored.finish()
        return Repaired(
            home=str(root),
            set_aside=sorted(ids),
            decisions=[run.run_id for run in future if run.record.decisions_hash],
            rebuilt=rebuilt,
            publication_id=published_id(home),
        )


def _rebuild(home: Home, kept: list[RunFolder], *, now: datetime) -> bool:
    """Put a warehouse of the kept runs in place, unless it holds no run after them."""
    last = last_run(home, now=now)
    if last is None or last.sequence <= (sequence_of(kept[-1]) if kept else 0):
        return False
    with staged_database(home.root, home.warehouse.name, inside=SCRATCH) as draft:
        scratch = Home(draft.parent)
        rebuild(scratch, kept, source=home, now=now)
        with open_writer(draft) as con:
            migrate(con, now=now)  # where no run is left, nothing has made it yet
        replace_warehouse(home, draft)
    return True


def _publish(home: Home, landing: Landing, kept: list[RunFolder]) -> None:
    """Move the link to the last kept run, and forget the publications of runs set aside."""
    if kept and published_id(home) != kept[-1].run_id and _holds(home, kept[-1]):
        publish(home, kept[-1].run_id)
    forget_publications(home, {run.run_id for run in landing.set_aside_runs()})


def _holds(home: Home, run: RunFolder) -> bool:
    """Return whether the warehouse ends with this run; else `replay` has to come first."""
    if not home.warehouse.exists():
        return False
    with open_writer(home.warehouse) as con:
        last = read_last_run(con)
    return last is not None and last.run_id == run.run_id
