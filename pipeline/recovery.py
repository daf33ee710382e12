"""Complete what a killed run left: before the next run, and before alerts are judged."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from pipeline.home_metrics import refresh_metrics
from pipeline.torn_warehouse import read_warehouse
from schemas.clock import Clock
from schemas.errors import PricehouseError, WarehouseError
from schemas.records import EndMark
from warehouse.connect import Connection
from warehouse.migrate import migrations, require_known
from warehouse.publication.publish import publish, published_id
from warehouse.statements import statement
from warehouse.storage.future_runs import require_no_future_run
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.lock import hold
from warehouse.storage.retention import sequence_of
from warehouse.storage.run_folder import RunFolder
from warehouse.writer.checkpoint import checkpoints, write_checkpoint
from warehouse.writer.state import LastRun, read_last_run


def is_complete(home: Home, newest: RunFolder) -> bool:
    """Return whether the newest run has ended, and readers see what it committed."""
    if newest.mark is None:
        return False
    return not newest.is_committed or published_id(home) == newest.run_id


def complete_killed_run(home: Home, clock: Clock) -> bool:
    """Complete the newest run where its process is gone; return whether readers see more now.

    The home's lock is the proof: who runs holds it. What this process cannot complete, as in a
    damaged home or one of another version, stays for the next run, which names the problem.
    """
    landing = Landing(home.landing)
    with suppress(PricehouseError):
        newest = next(landing.newest_first(), None)
        if newest is None or is_complete(home, newest) or not home.warehouse.is_file():
            return False
        home = Home.open(home.root, origin=newest.record.origin)
        with hold(home.lock, wait_s=0):
            now = clock()
            require_no_future_run(landing, now)
            before = published_id(home)
            last, committed = read_warehouse(home, landing, partial(_read_runs, landing=landing))
            if last is not None:
                require_whole(landing, last)
                recover(home, landing, last, committed, now=now)
                refresh_metrics(home, now=now)
            return published_id(home) != before
    return False


def _read_runs(con: Connection, *, landing: Landing) -> tuple[LastRun | None, dict[str, EndMark]]:
    """Return the last run, and what of landing is committed without a mark.

    None also where a run has to migrate the warehouse first.
    """
    if require_known(con) != len(migrations()):
        return None, {}
    return read_last_run(con), read_committed(con, landing)


def read_committed(con: Connection, landing: Landing) -> dict[str, EndMark]:
    """Return the marks of the unfinished runs that the warehouse holds all the same."""
    ids = [run.run_id for run in landing.unfinished()]
    if not ids:
        return {}
    rows = con.execute(statement("read_runs_of"), {"run_ids": ids}).fetchall()
    return {
        run_id: EndMark(
            outcome="committed", finished_at=finished_at.astimezone(UTC), sequence=sequence
        )
        for run_id, sequence, finished_at in rows
    }


def require_whole(landing: Landing, last: LastRun | None) -> None:
    """Raise WarehouseError when the warehouse lacks committed runs: history would start over."""
    newest = landing.newest_committed()
    loaded = last.sequence if last else 0
    if newest is not None and sequence_of(newest) > loaded:
        raise WarehouseError(
            f"warehouse.duckdb lacks runs that landing holds, up to {newest.run_id}; "
            "run `pricehouse replay` first. Nothing was changed."
        )


def recover(
    home: Home,
    landing: Landing,
    last: LastRun | None,
    committed: Mapping[str, EndMark],
    *,
    now: datetime,
) -> None:
    """Complete what a killed run left: its end mark, a revision's checkpoint, and a publication
    that was not linked yet.

    A run that was killed between its commit and its mark is in `committed`; on a shared warehouse
    other runs may have come after it.
    """
    for run in landing.unfinished():
        run.end(
            committed.get(run.run_id)
            or EndMark(
                outcome="interrupted",
                finished_at=now,
                error="interrupted: the process ended during the run; nothing of it was committed",
            )
        )
    if last is not None:
        keep_revision(home, last)
        if published_id(home) != last.run_id:
            publish(home, last.run_id)


def keep_revision(home: Home, last: LastRun) -> None:
    """Write the checkpoint of a revision, if the last run is one and has none yet.

    Replay starts there: today's code cannot repeat the results of yesterday's rules.
    """
    newest = next((checkpoint.sequence for checkpoint in checkpoints(home)), 0)
    if last.revised and newest < last.sequence:
        write_checkpoint(home, last)
