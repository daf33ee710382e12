"""Rebuild the warehouse from landing alone: every committed run, in order, as it was told then.

Where maintenance dropped the bytes of old runs, from the checkpoint that stands in for them.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipeline.pipeline import Step, process_landed, run_directly
from pipeline.session import LOCK_WAIT_S, Run
from providers.registry import load_claims, load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import read_decisions
from schemas.errors import LandingError, UsageError
from schemas.records import Origin
from warehouse.connect import open_writer
from warehouse.migrate import migrate
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing, RunFolder
from warehouse.storage.lock import hold
from warehouse.storage.retention import runs_lacking_bytes, sequence_of
from warehouse.writer.checkpoint import Checkpoint, checkpoints, is_whole, restore_checkpoint
from warehouse.writer.state import LastRun, read_feed_times, read_last_run

REVISE = "revise"
"""The flow of runs that said again what newer rules read otherwise."""


def replay(
    root: Path,
    *,
    clock: Clock = utc_now,
    step: Step = run_directly,
    lock_wait_s: float = LOCK_WAIT_S,
) -> list[str]:
    """Tell the warehouse every committed run that it does not hold; return their ids.

    Ids and times come from the run records, registry and claims from what each run landed, so an
    export afterwards is byte for byte that of the home that fetched. UsageError without landing,
    LandingError when neither bytes nor a checkpoint tell of a run.
    """
    landing = Landing(root / "landing")
    runs = landing.committed()
    if not runs:
        raise UsageError(f"{root} has no committed run under landing/; there is nothing to replay")
    home = Home.adopt(root, origin=_origin(runs))
    with hold(home.lock, wait_s=lock_wait_s):
        missing = _not_held(home, runs, clock())
        _resume(home, missing)
        retell(home, missing, source=home, now=clock(), step=step)
        last = runs[-1].run_id
        if published_id(home) != last:
            publish(home, last)
    return [run.run_id for run in missing]


def retell(
    home: Home, runs: list[RunFolder], *, source: Home, now: datetime, step: Step = run_directly
) -> None:
    """Tell committed runs of one home, in order, to the warehouse of another, or of the same.

    LandingError when neither bytes nor a checkpoint of `source` tell of a run.
    """
    _cover(home, source, runs)
    for run in runs:
        _retell(home, run, now, step)


def _retell(home: Home, folder: RunFolder, now: datetime, step: Step) -> None:
    """Tell one run to the warehouse, unless it holds it."""
    mark, record = folder.mark, folder.record
    if mark is None or mark.sequence is None:
        raise LandingError(f"run {folder.run_id} has no commit mark")
    finished_at = mark.finished_at
    last, observed = _held(home, now)
    if last is not None and last.sequence >= mark.sequence:
        return
    run = Run(
        home=home,
        folder=folder,
        registry=load_registry(folder.landing.get(record.registry_hash)),
        claims=load_claims(folder.landing.get(record.claims_hash)).claims,
        last=last,
        observed=observed,
        clock=lambda: finished_at,
        decisions=(
            read_decisions(folder.landing.get(record.decisions_hash))
            if record.decisions_hash
            else None
        ),
    )
    process_landed(run, folder.fetches(), step)


def _not_held(home: Home, runs: list[RunFolder], now: datetime) -> list[RunFolder]:
    last, _ = _held(home, now)
    return [run for run in runs if last is None or sequence_of(run) > last.sequence]


def _resume(home: Home, missing: list[RunFolder]) -> None:
    """Start from the checkpoint of the newest revision: what was said before it was said by rules
    that today's code no longer has."""
    revisions = [run for run in missing if run.record.flow == REVISE]
    if revisions and (whole := _whole(home, sequence_of(revisions[-1]))):
        restore_checkpoint(whole, into=home)


def _cover(home: Home, source: Home, runs: list[RunFolder]) -> None:
    """Start from the newest checkpoint if a run that has to be told has lost its bytes."""
    last, _ = _held(home, runs[-1].record.started_at) if runs else (None, {})
    landing = Landing(source.landing)
    lost = runs_lacking_bytes(
        landing, [r for r in runs if last is None or sequence_of(r) > last.sequence]
    )
    if not lost:
        return
    newest, gone = lost[-1]
    whole = _whole(source, sequence_of(newest))
    if whole is None:
        raise LandingError(
            f"{len(lost)} runs cannot be told again, the last {newest.run_id}: landed payload "
            f"{gone} is missing, and no whole checkpoint of a later run stands in for it; restore "
            f"{landing.root} from a backup"
        )
    restore_checkpoint(whole, into=home)


def _whole(home: Home, sequence: int) -> Checkpoint | None:
    """Return the newest whole checkpoint that holds this run."""
    covering = [c for c in checkpoints(home) if c.sequence >= sequence]
    return next((c for c in covering if is_whole(home, c)), None)


def _held(home: Home, now: datetime) -> tuple[LastRun | None, dict[str, datetime]]:
    """Return the newest run that the warehouse holds, and when each feed was last whole."""
    with open_writer(home.warehouse) as con:
        migrate(con, now=now)
        return read_last_run(con), read_feed_times(con)


def _origin(runs: list[RunFolder]) -> Origin:
    found: set[Origin] = {run.record.origin for run in runs}
    if len(found) > 1:
        raise LandingError("landing holds runs of live and of sample data; they cannot be one home")
    return found.pop()
