"""Append what today's rules read otherwise: `replay --revise`, after a parser was corrected.

Every run is processed by today's code in a scratch warehouse; what differs from the home is
appended there, recorded now, and the earlier results stay readable.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.context import LOCK_WAIT_S, Dependencies, Run, RunOptions
from pipeline.home_metrics import refresh_metrics
from pipeline.recovery import keep_revision
from pipeline.replay import REVISE, process_runs, replay
from pipeline.report import Report, change_examples
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from pipeline.steps.check import RunResult, RunSummary
from pipeline.steps.load import load_run
from pipeline.steps.publish import publish_run
from providers.registry import load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import Decisions
from schemas.delta import State
from transforms.reconcile.counts import tally
from transforms.reconcile.revision import revise_state
from warehouse.connect import open_writer
from warehouse.lake.lake_settings import LakeSettings
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store
from warehouse.writer.log_versions import LogVersions, read_log_versions
from warehouse.writer.staging_file import SCRATCH, staged_database
from warehouse.writer.state import read_last_run, read_state


def revise(
    root: Path,
    *,
    clock: Clock = utc_now,
    lock_wait_s: float = LOCK_WAIT_S,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Report:
    """Append what today's rules read otherwise in every landed run, and publish it.

    A checkpoint is written beside it, from which replay starts. UsageError without landing.
    """
    replay(root, clock=clock, lock_wait_s=lock_wait_s, store=store, lake=lake)
    last = Landing(root / "landing").committed()[-1].record
    settings = recorded_settings(root, last.settings, load_registry())
    options = RunOptions(
        origin=last.origin,
        flow=REVISE,
        trigger="cli",
        decisions=Decisions(),
        lock_wait_s=lock_wait_s,
    )
    with open_run(settings, options, Dependencies(clock=clock, store=store, lake=lake)) as run:
        report = load_run(run, _revision(run))
        with open_writer(run.home.warehouse) as con:
            committed = read_last_run(con)
        if committed is not None:
            keep_revision(run.home, committed)
        report = publish_run(run, report)
        refresh_metrics(run.home, now=run.clock())
        return report


def _revision(run: Run) -> RunResult:
    """Return what today's rules read otherwise than the home holds."""
    stored, stored_logs = _read(run.home)
    today, today_logs = _process_again(run.home, clock=run.clock)
    delta, after = revise_state(stored, today, stored_logs.frames, today_logs.frames)
    return RunResult(
        delta,
        RunSummary(
            fetches=[],
            counts=tally(delta, after, rejected=0),
            events=dict(sorted(delta.changes.group_by("event").len().iter_rows())),
            checks=today_logs.checks,
            examples=change_examples(delta.changes, after.offers),
        ),
    )


def _process_again(home: Home, *, clock: Clock) -> tuple[State, LogVersions]:
    """Process every committed run in a warehouse that is thrown away; return what it holds."""
    with staged_database(home.root, home.warehouse.name, inside=SCRATCH) as draft:
        scratch = Home(draft.parent)
        process_runs(scratch, Landing(home.landing).committed(), source=home, now=clock())
        return _read(scratch)


def _read(home: Home) -> tuple[State, LogVersions]:
    with open_writer(home.warehouse) as con:
        return read_state(con), read_log_versions(con)
