"""The metrics in a home: of the last run, of a run that began, and of what readers see.

A file has the figures of the last run until the next one ends. What readers see is measured again
by each command that publishes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.errors import PricehouseError
from schemas.verdict import DEFAULT_STALE_AFTER
from warehouse.storage.files import make_folder, write_atomic

if TYPE_CHECKING:
    from pipeline.context import Run
    from pipeline.report import Report, StepTime
    from telemetry.metric_families import Sample
    from warehouse.storage.home import Home

_LOG = logging.getLogger(__name__)
STARTED, LAST_SUCCESS = "run_started_timestamp_seconds", "run_last_success_timestamp_seconds"
STALE_AFTER, SIZE = "stale_after_seconds", "warehouse_bytes"


# A command that shows something loads none of what these functions import.
def keep_begin(run: Run) -> None:
    """Add the start of a run to the metrics: a killed run leaves a start without an end."""
    from telemetry.metric_families import Sample

    kept = [sample for sample in _read_kept(run.home) if sample.name not in {STARTED, STALE_AFTER}]
    started = Sample(STARTED, run.record.started_at.timestamp())
    _write(run.home, [*kept, started, _stale_after(run)])


def keep_metrics(run: Run, steps: Sequence[StepTime], report: Report | None) -> None:
    """Write the metrics of an ended run into its home, whole or not at all."""
    from pipeline.run_samples import WatchedRun, run_samples
    from telemetry.metric_families import Sample

    now = run.clock()
    ended = WatchedRun(
        code_version=run.record.code_version,
        started_s=run.record.started_at.timestamp(),
        finished_s=(report.finished_at if report else now).timestamp(),
        steps=steps,
        fetches=run.folder.fetches(),
        report=report,
    )
    success = [Sample(LAST_SUCCESS, ended.finished_s)]
    if report is None or report.exit_status:
        success = [sample for sample in _read_kept(run.home) if sample.name == LAST_SUCCESS]
    samples = [*run_samples(ended), *success, _stale_after(run)]
    _write(run.home, [*samples, *_measure(run.home, now=now)])


def refresh_metrics(home: Home, *, now: datetime) -> None:
    """Measure again what readers see, after a command that published; keep the rest.

    A home without the file stays without it: no run of it keeps metrics.
    """
    if home.metrics.is_file():
        with as_warning("metrics of the home"):
            _refresh(home, now=now)


def _refresh(home: Home, *, now: datetime) -> None:
    from telemetry.metric_families import PUBLICATION

    measured = {family.name for family in PUBLICATION} - {STALE_AFTER} | {SIZE}
    kept = [sample for sample in _read_kept(home) if sample.name not in measured]
    _write(home, [*kept, *_measure(home, now=now)])


def _measure(home: Home, *, now: datetime) -> Iterator[Sample]:
    from pipeline.run_samples import status_samples
    from pipeline.status import read_status
    from telemetry.metric_families import Sample

    yield from status_samples(read_status(home, now=now))
    if home.warehouse.exists():
        yield Sample(SIZE, home.warehouse.stat().st_size)


def _stale_after(run: Run) -> Sample:
    from telemetry.metric_families import Sample

    rules = run.record.alerts
    return Sample(
        STALE_AFTER, rules.stale_after_s if rules else DEFAULT_STALE_AFTER.total_seconds()
    )


def _read_kept(home: Home) -> list[Sample]:
    from telemetry.exposition import read_text

    try:
        return list(read_text(home.metrics.read_text("utf-8")))
    except (OSError, ValueError):  # there is none, or it is damaged
        return []


def _write(home: Home, samples: Iterable[Sample]) -> None:
    from telemetry.exposition import as_text

    make_folder(home.metrics.parent)
    write_atomic(home.metrics, as_text(list(samples)))


def error_text(error: Exception) -> str:
    """Return what may be shown of an error: of an unexpected one only its type."""
    return str(error) if isinstance(error, PricehouseError) else type(error).__name__


@contextmanager
def as_warning(what: str) -> Iterator[None]:
    """Log what the block raises as a warning: the run itself has ended as it should."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - no run fails through what watches it
        _LOG.warning("the %s could not be kept: %s", what, error_text(error))
