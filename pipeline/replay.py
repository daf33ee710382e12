"""Rebuild the warehouse from landing alone: every committed run, in order, as it ran then.

Where maintenance dropped the bytes of old runs, replay starts from the checkpoint that replaces
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pipeline.context import LOCK_WAIT_S, Dependencies, Run, RunOptions
from pipeline.failed_runs import failed_before_each
from pipeline.following import follow
from pipeline.home_metrics import refresh_metrics
from pipeline.pipeline import Step, process_landed, run_directly
from pipeline.store import stored_home
from providers.registry import load_claims, load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import read_decisions
from schemas.errors import LandingError, UsageError
from schemas.records import Origin
from warehouse.connect import open_writer
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.shared_home import hold_home
from warehouse.migrate import migrate
from warehouse.publication.publish import publish, published_id
from warehouse.storage.future_runs import require_no_future_run
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import runs_lacking_bytes, sequence_of
from warehouse.storage.run_folder import RunFolder
from warehouse.store.objects import Store
from warehouse.writer.checkpoint import Checkpoint, checkpoints, is_whole, restore_checkpoint
from warehouse.writer.state import LastRun, read_feed_times, read_last_run

REVISE = "revise"
"""The flow of runs that appended what newer rules read otherwise."""


def replay(
    root: Path,
    *,
    clock: Clock = utc_now,
    step: Step = run_directly,
    lock_wait_s: float = LOCK_WAIT_S,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> list[str]:
    """Load every committed run that the warehouse does not hold; return their ids.

    Ids and times come from the run records, registry and claims from what each run landed, so an
    export afterwards is byte for byte that of the home that fetched. UsageError without landing,
    LandingError when neither the bytes of a run nor a checkpoint after it is left. With a store,
    what it lacks is pushed when all that is done. Runs that a shared warehouse lacks are made in
    this machine's copy of it first, and then pushed together.
    """
    landing = Landing(root / "landing")
    runs = landing.committed()
    if not runs:
        first = "run `pricehouse warehouse pull` first" if lake else "there is nothing to replay"
        raise UsageError(f"{root} has no committed run under landing/; {first}")
    home = Home.adopt(root, origin=_origin(runs))
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        stored = stored_home(home, store, is_shared=shared is not None)
        if shared is not None:
            follow(shared, home, stored, now=clock())
            require_no_future_run(landing, clock())  # other machines would get it
            runs = landing.committed()
        missing = _missing(home, runs, clock())
        rebuild(home, missing, source=home, now=clock(), step=step)
        if shared is not None and missing:
            if stored is not None:  # what landed comes before its commit, as in an hour
                stored.begin(sequence_of(runs[-1]))
            shared.push(home)
        last = runs[-1].run_id
        if published_id(home) != last:
            publish(home, last)
        refresh_metrics(home, now=clock())
        if stored is not None:
            stored.begin(sequence_of(runs[-1]))
            stored.finish()
    return [run.run_id for run in missing]


def rebuild(
    home: Home, runs: list[RunFolder], *, source: Home, now: datetime, step: Step = run_directly
) -> None:
    """Process the landed runs of `source`, from its newest revision on, into the warehouse of
    `home`; LandingError as `process_runs`.
    """
    _resume(home, runs, source)
    process_runs(home, runs, source=source, now=now, step=step)


def process_runs(
    home: Home, runs: list[RunFolder], *, source: Home, now: datetime, step: Step = run_directly
) -> None:
    """Process the landed runs of `source`, in order, into the warehouse of `home`.

    LandingError when neither the bytes of a run nor a checkpoint of `source` after it is left.
    """
    _start_from_checkpoint(home, source, runs)
    failed = failed_before_each(Landing(source.landing).runs()) if runs else {}
    for run in runs:
        _process_run(home, run, failed[run.run_id], now, step)


def _process_run(
    home: Home, folder: RunFolder, failed: Sequence[RunFolder], now: datetime, step: Step
) -> None:
    """Process one landed run into the warehouse, unless it holds the run.

    `failed` are the runs without a commit that came before it.
    """
    mark, record = folder.mark, folder.record
    if mark is None or mark.sequence is None:
        raise LandingError(f"run {folder.run_id} has no commit mark")
    finished_at = mark.finished_at
    last, observed = _loaded(home, now)
    if last is not None and last.sequence >= mark.sequence:
        return
    run = Run(
        home=home,
        folder=folder,
        registry=load_registry(folder.landing.get(record.registry_hash)),
        claims=load_claims(folder.landing.get(record.claims_hash)).claims,
        last=last,
        failed=failed,
        observed=observed,
        options=RunOptions(
            origin=record.origin,
            flow=record.flow,
            trigger=record.trigger,
            decisions=(
                read_decisions(folder.landing.get(record.decisions_hash))
                if record.decisions_hash
                else None
            ),
        ),
        dependencies=Dependencies(clock=lambda: finished_at),
    )
    process_landed(run, folder.fetches(), step)


def _missing(home: Home, runs: list[RunFolder], now: datetime) -> list[RunFolder]:
    last, _ = _loaded(home, now)
    return [run for run in runs if last is None or sequence_of(run) > last.sequence]


def _resume(home: Home, missing: list[RunFolder], source: Home) -> None:
    """Restore the checkpoint of the newest revision: the runs before it ran by rules that today's
    code no longer has."""
    revisions = [run for run in missing if run.record.flow == REVISE]
    if revisions and (whole := _whole(source, sequence_of(revisions[-1]), last=missing[-1])):
        restore_checkpoint(whole, into=home)


def _start_from_checkpoint(home: Home, source: Home, runs: list[RunFolder]) -> None:
    """Restore the newest checkpoint if a run that has to be processed has lost its bytes."""
    last, _ = _loaded(home, runs[-1].record.started_at) if runs else (None, {})
    landing = Landing(source.landing)
    lost = runs_lacking_bytes(
        landing, [r for r in runs if last is None or sequence_of(r) > last.sequence]
    )
    if not lost:
        return
    newest, gone = lost[-1]
    whole = _whole(source, sequence_of(newest), last=runs[-1])
    if whole is None:
        raise LandingError(
            f"{len(lost)} runs cannot be replayed, the last {newest.run_id}: landed payload "
            f"{gone} is missing, and no whole checkpoint of a later run replaces it; restore "
            f"{landing.root} from a backup"
        )
    restore_checkpoint(whole, into=home)


def _whole(home: Home, sequence: int, *, last: RunFolder) -> Checkpoint | None:
    """Return the newest whole checkpoint that holds this run, and none after the last."""
    covering = [c for c in checkpoints(home) if sequence <= c.sequence <= sequence_of(last)]
    return next((c for c in covering if is_whole(home, c)), None)


def _loaded(home: Home, now: datetime) -> tuple[LastRun | None, dict[str, datetime]]:
    """Return the newest run that the warehouse holds, and when each feed was last whole."""
    with open_writer(home.warehouse) as con:
        migrate(con, now=now)
        return read_last_run(con), read_feed_times(con)


def _origin(runs: list[RunFolder]) -> Origin:
    found: set[Origin] = {run.record.origin for run in runs}
    if len(found) > 1:
        raise LandingError("landing holds runs of live and of sample data; they cannot be one home")
    return found.pop()
