"""What operators watch of a run: metrics in the home, and spans. A run never fails because of it.

metrics/pricehouse.prom   of the last run, for the textfile collector of the node exporter
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from pipeline.home_metrics import as_warning, keep_begin, keep_metrics
from telemetry.spans import Attributes, NoSpans, RunSpans, spans_of

if TYPE_CHECKING:  # they import this module
    from pipeline.context import Run
    from pipeline.report import Report, StepTime


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
        """Keep the start of the run, except of a dry run, and begin its span."""
        record, options = run.record, run.options
        if not options.dry_run:
            with as_warning("metrics of the run"):
                keep_begin(run)
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
            with as_warning("metrics of the run"):
                keep_metrics(run, steps, report)
        with as_warning("spans of the run"):
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
