"""What operators watch of a run: metrics in the home, and spans. A run never fails because of it.

metrics/pricehouse.prom   of the last run, for the textfile collector of the node exporter
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from schemas.errors import PricehouseError
from telemetry.spans import Attributes, NoSpans, RunSpans, spans_of
from warehouse.storage.files import make_folder, write_atomic

if TYPE_CHECKING:  # they import this module
    from pipeline.context import Run
    from pipeline.report import Report, StepTime

_LOG = logging.getLogger(__name__)


class RunWatch(Protocol):
    """Called as a run begins, at each of its steps, and at its end."""

    def begin(self, run: Run) -> None:
        """Take note that a run begins."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Watch one step: the block."""

    def end(
        self, run: Run, steps: Sequence[StepTime], *, report: Report | None, error: str | None
    ) -> None:
        """Take note of how the run ended; `report` is None where `error` ended it."""


class NoWatch:
    """Watch nothing: a replay, and most tests."""

    def begin(self, run: Run) -> None:
        """Ignore the begin of a run."""

    def step(self, name: str) -> AbstractContextManager[None]:
        """Run the block alone."""
        del name
        return nullcontext()

    def end(
        self, run: Run, steps: Sequence[StepTime], *, report: Report | None, error: str | None
    ) -> None:
        """Ignore the end of a run."""


class HomeWatch:
    """Keep the metrics of a run in its home, and send its spans."""

    def __init__(self, spans: RunSpans | None = None) -> None:
        self._spans = spans or NoSpans()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> HomeWatch:
        """Return the watch that the environment asks for."""
        return cls(spans_of(environment))

    def begin(self, run: Run) -> None:
        """Begin the span of the run."""
        record, options = run.record, run.options
        self._spans.begin(
            "pricehouse.run",
            {
                "run_id": record.run_id,
                "origin": record.origin,
                "flow": record.flow,
                "trigger": record.trigger,
                "dry_run": options.dry_run,
                "prefect_run_id": record.prefect_run_id,
                "code_version": record.code_version,
            },
        )

    def step(self, name: str) -> AbstractContextManager[None]:
        """Make the block a span."""
        return self._spans.step(name)

    def end(
        self, run: Run, steps: Sequence[StepTime], *, report: Report | None, error: str | None
    ) -> None:
        """Write the metrics, except of a dry run, and send the spans."""
        if not run.options.dry_run:
            with _as_warning("metrics of the run"):
                keep_metrics(run, steps, report)
        with _as_warning("spans of the run"):
            self._send(run, report, error)

    def _send(self, run: Run, report: Report | None, error: str | None) -> None:
        for fetch in run.folder.fetches():
            if fetch.outcome != "skipped":
                facts: Attributes = {
                    "feed": fetch.feed,
                    "outcome": fetch.outcome,
                    "requests": fetch.requests,
                    "retries": fetch.retries,
                    "waited_s": fetch.waited_s,
                    "bytes": fetch.bytes,
                    "pages": len(fetch.pages),
                    "error": fetch.error_code,
                }
                name = f"feed {fetch.feed}"
                self._spans.add(name, fetch.started_at, fetch.finished_at, facts)
        if report is None:
            self._spans.end({"outcome": "failed", "error": error})
            return
        self._spans.end(
            {
                "outcome": report.outcome,
                "error": report.error,
                "changes": report.counts.changes,
                "held": len(report.held),
            }
        )


def keep_metrics(run: Run, steps: Sequence[StepTime], report: Report | None) -> None:
    """Write the metrics of an ended run into its home, whole or not at all."""
    from pipeline.run_samples import WatchedRun, run_samples, status_samples
    from pipeline.status import read_status
    from telemetry.exposition import as_text  # a command that shows something never loads it
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
    samples = [*run_samples(ended), *status_samples(read_status(run.home, now=now))]
    if run.home.warehouse.exists():
        samples.append(Sample("warehouse_bytes", run.home.warehouse.stat().st_size))
    make_folder(run.home.metrics.parent)
    write_atomic(run.home.metrics, as_text(samples))


def error_text(error: Exception) -> str:
    """Return what may be shown of an error: of an unexpected one only its type."""
    return str(error) if isinstance(error, PricehouseError) else type(error).__name__


@contextmanager
def _as_warning(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the run itself has ended as it should
        _LOG.warning("the %s could not be kept: %s", what, error_text(error))
