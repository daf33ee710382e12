"""The metrics of one run and of the publication that readers see after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.report import Report, StepTime
from pipeline.status import Status
from providers.http.rate_limit import ratelimit_left
from schemas.records import FeedFetch
from telemetry.metric_families import Sample
from telemetry.publication_samples import publication_samples

OUTCOMES = ("published", "unchanged", "failed")
"""How a run ends; of a dry run no metrics are kept."""


class WatchedRun(NamedTuple):
    """A run that has ended; `report` is None where an error ended it. Times are Unix times."""

    code_version: str
    started_s: float
    finished_s: float
    steps: Sequence[StepTime]
    fetches: Sequence[FeedFetch]
    report: Report | None


def run_samples(run: WatchedRun) -> Iterator[Sample]:
    """Yield the metrics of a run."""
    report = run.report
    outcome = report.outcome if report else "failed"
    failed = report is None or bool(report.exit_status)
    yield Sample("build_info", 1, (run.code_version,))
    yield Sample("run_started_timestamp_seconds", run.started_s)
    yield Sample("run_finished_timestamp_seconds", run.finished_s)
    yield Sample("run_success", int(not failed))
    for name in OUTCOMES:
        yield Sample("run_outcome", int(name == outcome), (name,))
    yield Sample("run_duration_seconds", max(run.finished_s - run.started_s, 0))
    for step in run.steps:
        yield Sample("run_step_duration_seconds", step.seconds, (step.step,))
        yield Sample("run_step_cpu_seconds", step.cpu_s, (step.step,))
    if run.steps:
        yield Sample("run_peak_memory_bytes", run.steps[-1].peak_mb * 1_000_000)
    for fetch in run.fetches:
        yield from _feed_samples(fetch)
    if report is not None:
        yield from _report_samples(report)


def status_samples(status: Status) -> Iterator[Sample]:
    """Yield the metrics of what readers see; none before the first publication."""
    if status.publication_id is None:
        return
    yield from publication_samples(
        observed_to=status.observed_to,
        published_at=status.published_at,
        counts={
            "offers": status.offers,
            "rankable": status.rankable,
            "held": status.held,
            "gaps": status.gaps,
            "alerts_open": status.alerts_open,
        },
        feeds=[(f.feed, f.last_success_at, f.failures_in_a_row) for f in status.feeds if f.enabled],
    )


def _feed_samples(fetch: FeedFetch) -> Iterator[Sample]:
    feed = (fetch.feed,)
    if fetch.outcome == "skipped":
        return
    yield Sample("run_feed_success", int(fetch.outcome in {"complete", "not_modified"}), feed)
    seconds = (fetch.finished_at - fetch.started_at).total_seconds()
    yield Sample("run_feed_duration_seconds", seconds, feed)
    yield Sample("run_feed_requests", fetch.requests, feed)
    yield Sample("run_feed_retries", fetch.retries, feed)
    yield Sample("run_feed_waited_seconds", fetch.waited_s, feed)
    yield Sample("run_feed_pages", len(fetch.pages), feed)
    yield Sample("run_feed_bytes", fetch.bytes, feed)
    if fetch.pages and (left := ratelimit_left(fetch.pages[-1].answered)) is not None:
        yield Sample("run_feed_rate_limit_remaining", left.requests, feed)
        yield Sample("run_feed_rate_limit_reset_seconds", left.reset_s, feed)


def _report_samples(report: Report) -> Iterator[Sample]:
    counts = report.counts
    yield Sample("run_models", counts.models)
    for status, number in (
        ("priced", counts.priced),
        ("free", counts.free),
        ("suspect", counts.suspect),
        ("not_published", counts.unpriced),
    ):
        yield Sample("run_prices", number, (status,))
    for event, number in sorted(report.events.items()):
        yield Sample("run_changes", number, (event,))
    for check, number in sorted(Counter(held.name for held in report.held).items()):
        yield Sample("run_held", number, (check,))
    for feed in report.feeds:
        if feed.accepted is not None and feed.rejected is not None:
            yield Sample("run_feed_rows", feed.accepted, (feed.feed, "accepted"))
            yield Sample("run_feed_rows", feed.rejected, (feed.feed, "rejected"))
