"""Say again what today's rules read otherwise: `replay --revise`, after a parser was mended.

Every run is told to a scratch warehouse by today's code; what it says otherwise than the home is
appended there, recorded now, and what was said before stays readable.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.replay import REVISE, replay, retell
from pipeline.report import Report, change_examples
from pipeline.session import LOCK_WAIT_S, Run, keep_revision, open_run
from pipeline.settings import recorded_settings
from pipeline.steps.load import load_run, publish_run
from pipeline.steps.reconcile import RunResult, no_entries
from providers.registry import load_registry
from schemas.clock import Clock, utc_now
from schemas.decisions import Decisions
from schemas.delta import State
from schemas.load import REJECTED_ROWS
from transforms.reconcile.counts import tally
from transforms.reconcile.revision import revise_state
from warehouse.connect import open_writer
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.writer.log_versions import LogVersions, read_log_versions
from warehouse.writer.staging_file import SCRATCH, staged_database
from warehouse.writer.state import read_last_run, read_state


def revise(root: Path, *, clock: Clock = utc_now, lock_wait_s: float = LOCK_WAIT_S) -> Report:
    """Append what today's rules read otherwise in every landed run, and publish it.

    A checkpoint is written beside it, from which replay starts. UsageError without landing.
    """
    replay(root, clock=clock, lock_wait_s=lock_wait_s)
    last = Landing(root / "landing").committed()[-1].record
    settings = recorded_settings(root, last.settings, load_registry())
    with open_run(
        settings,
        origin=last.origin,
        flow=REVISE,
        trigger="cli",
        clock=clock,
        decisions=Decisions(),
        lock_wait_s=lock_wait_s,
    ) as run:
        report = load_run(run, _judged(run))
        with open_writer(run.home.warehouse) as con:
            committed = read_last_run(con)
        if committed is not None:
            keep_revision(run.home, committed)
        return publish_run(run, report)


def _judged(run: Run) -> RunResult:
    held, words = _read(run.home)
    told, retold = _retold(run.home, clock=run.clock)
    delta, after = revise_state(held, told, words.frames, retold.frames)
    return RunResult(
        fetches=[],
        delta=delta,
        counts=tally(delta, after, rejected=0),
        events=dict(sorted(delta.changes.group_by("event").len().iter_rows())),
        entries=no_entries(),
        checks=retold.checks,
        rejected=REJECTED_ROWS.empty(),
        examples=change_examples(delta.changes, after.offers),
    )


def _retold(home: Home, *, clock: Clock) -> tuple[State, LogVersions]:
    """Tell every committed run to a warehouse that is thrown away; return what it says."""
    with staged_database(home.root, home.warehouse.name, inside=SCRATCH) as draft:
        scratch = Home(draft.parent)
        retell(scratch, Landing(home.landing).committed(), source=home, now=clock())
        return _read(scratch)


def _read(home: Home) -> tuple[State, LogVersions]:
    with open_writer(home.warehouse) as con:
        return read_state(con), read_log_versions(con)
