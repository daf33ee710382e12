"""Follow a shared warehouse: pull what other machines landed, and make the home's file its copy."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime

from pipeline.context import Dependencies
from pipeline.home_metrics import refresh_metrics
from pipeline.recovery import read_committed
from pipeline.store import stored_home
from schemas.errors import HomeBusy, WarehouseError
from warehouse.connect import open_writer
from warehouse.lake.lake_settings import WAREHOUSE
from warehouse.lake.shared_home import Followed, Lake, hold_home
from warehouse.publication.publish import publish, published_id
from warehouse.storage.future_runs import move, set_aside, unmark
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of
from warehouse.store.landing_pull import (
    open_runs,
    pull_landing,
    pull_objects,
    runs_since,
)
from warehouse.store.reservations import require_same_history
from warehouse.store.stored_home import StoredHome
from warehouse.store.stored_publications import push_publication, stored_publications
from warehouse.store.unlike_runs import set_damaged_aside
from warehouse.writer.checkpoint import checkpoints, superseded_checkpoints
from warehouse.writer.state import last_run

_LOG = logging.getLogger(__name__)
RIVAL = "the shared warehouse has another run in its place: it was committed without it"


# Five parameters: a home with its two records, when, and what this machine may do.
def follow(
    lake: Lake, home: Home, stored: StoredHome | None, *, now: datetime, writes: bool = True
) -> Followed:
    """Bring the landing and the file of a home up to the shared warehouse, under its lock.

    A landed run in whose place it has another one was committed without it, so no replay can place
    it: it is set aside, and removed from the store. Every run that it has is then marked as
    committed. What breaks that off is done by the next call. What the store lost of the landing
    goes there if this machine `writes`. HomeKindError for data of the other kind, WarehouseError
    for a home whose runs are all unknown there, which is no copy and would be lost, and
    StoreConflict for a store of another warehouse; then nothing but damaged records was moved.
    """
    lake.require_kind(home)
    if stored is not None:
        set_damaged_aside(stored)
    recorded, landing = lake.runs(), Landing(home.landing)
    committed = set(recorded.values())
    _require_relation(lake, home, committed)
    if not recorded:
        lake.follow(home, now=now)  # refuses a home with runs
    if stored is not None:
        require_same_history(stored.store, landing, max(recorded.items(), default=(0, None))[1])
    with open_runs(landing, committed) as since:
        _set_rivals_aside(lake, home, stored, recorded, since, now=now)
        if stored is not None:
            pull_landing(stored, committed, since=since, now=now, writes=writes)
            _set_rivals_aside(lake, home, stored, recorded, since, now=now)
            for path in superseded_checkpoints(home):  # by those of other machines: else each
                path.unlink()  # machine would push again what another one had dropped
        how = lake.follow(home, now=now)
        _mark_recorded(home, stored, committed, since)
    return how


def _require_relation(lake: Lake, home: Home, recorded: Collection[str]) -> None:
    landing = Landing(home.landing)
    committed = []
    for run in landing.newest_first():  # of a copy the newest one is there
        if run.run_id in recorded:
            return
        if run.is_committed:
            committed.append(run.run_id)
    if recorded and committed:
        raise WarehouseError(
            f"{home.root} holds {len(committed)} runs up to {committed[0]}, of which the shared "
            f"warehouse ({lake.settings.place}, schema {lake.settings.schema}) has none: they are "
            "two histories. Nothing was changed. Set PRICEHOUSE_HOME to an empty folder for a copy "
            f"of it, or another schema= in {WAREHOUSE} and another PRICEHOUSE_STORE for this home"
        )


# Six parameters: a home with its two records, and what they are compared by.
def _set_rivals_aside(
    lake: Lake,
    home: Home,
    stored: StoredHome | None,
    recorded: Mapping[int, str],
    since: str | None,
    *,
    now: datetime,
) -> None:
    """Set the committed runs aside at whose sequence the shared warehouse has another run, and the
    checkpoints of such runs.
    """
    rivals = [
        run
        for run in runs_since(Landing(home.landing), since)
        if run.is_committed and recorded.get(sequence_of(run), run.run_id) != run.run_id
    ]
    if packed := [run.run_id for run in rivals if run.packed is not None]:
        raise WarehouseError(
            f"{home.root} holds {len(packed)} runs up to {packed[0]} that are packed already, and "
            f"in whose places the shared warehouse ({lake.settings.place}, schema "
            f"{lake.settings.schema}) has others. Nothing was changed; set PRICEHOUSE_HOME to an "
            "empty folder for a copy of it"
        )
    if rivals:
        _LOG.warning(
            "%d committed runs of %s are set aside in landing/set-aside: the shared warehouse (%s) "
            "has others in their places",
            *(len(rivals), home.root, lake.settings.place),
        )
    for run in rivals:
        if stored is not None:
            stored.withdraw(run)
        set_aside(run, now=now, reason=RIVAL)
    ids = {
        each.run_id
        for each in checkpoints(home)
        if recorded.get(each.sequence, each.run_id) != each.run_id
    }
    if ids:
        set_checkpoints_aside(home, ids, stored)
        if stored is not None:  # maintenance may have dropped bytes that it took for covered
            pull_objects(stored, Landing(home.landing).runs())


def set_checkpoints_aside(home: Home, ids: Collection[str], stored: StoredHome | None) -> None:
    """Move the checkpoints of runs that are set aside out of what replay reads."""
    for checkpoint in checkpoints(home):
        if checkpoint.run_id in ids:
            if stored is not None:
                stored.delete([checkpoint.path])
            folder = Landing(home.landing).set_aside / "checkpoints"
            move(checkpoint.path, folder / checkpoint.path.name)


def _mark_recorded(
    home: Home, stored: StoredHome | None, recorded: Collection[str], since: str | None
) -> None:
    """Give the newest landed runs the marks that follow from the shared warehouse.

    A kill after its commit leaves none, and a command without the setting marks that run as
    interrupted.
    """
    landing = Landing(home.landing)
    for run in runs_since(landing, since):
        if run.run_id in recorded and run.mark is not None and not run.is_committed:
            if stored is not None:
                stored.delete([run.path / "end.json"])
            unmark(run)
    if any(run.run_id in recorded for run in landing.unfinished()):
        with open_writer(home.warehouse) as con:
            marks = read_committed(con, landing)
        for run in landing.unfinished():
            if run.run_id in marks:
                run.end(marks[run.run_id])


def catch_up(home: Home, dependencies: Dependencies, *, lock_wait_s: float) -> None:
    """Let readers of the home, and of the store, see what the shared warehouse has."""
    if dependencies.lake is None:
        return
    clock = dependencies.clock
    with hold_home(home, dependencies.lake, wait_s=lock_wait_s) as lake:
        if lake is not None:
            stored = stored_home(home, dependencies.store, is_shared=True)
            follow(lake, home, stored, now=clock())
            publish_copy(home, now=clock())
            if stored is not None:  # which lacks that of a run that could not push it
                push_publication(home, stored.store)


def follow_when_idle(home: Home, dependencies: Dependencies) -> bool:
    """Let readers of a machine whose workers are idle see what another one published.

    Return whether it did. One listing of the store decides; while somebody writes, a later call
    does it.
    """
    if dependencies.lake is None or dependencies.store is None:
        return False
    before, found = published_id(home), stored_publications(dependencies.store)
    if not found or found[-1].publication_id == before:
        return False
    with suppress(HomeBusy):
        catch_up(home, dependencies, lock_wait_s=0)
    return published_id(home) != before


def publish_copy(home: Home, *, now: datetime) -> str | None:
    """Publish the newest run of the home's file unless readers see it; return its id."""
    last = last_run(home, now=now)
    if last is None:
        return None
    if published_id(home) != last.run_id:
        publish(home, last.run_id)
        refresh_metrics(home, now=now)
    return last.run_id
