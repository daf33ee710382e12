"""One line of log per run that holds all of it, for a program to search; JSON, never a secret."""

from __future__ import annotations

from dataclasses import asdict

import msgspec

from pipeline.report import FeedReport, Report
from schemas.errors import PricehouseError

_FEED_FIELDS = (
    "outcome",
    "seconds",
    "requests",
    "retries",
    "waited_s",
    "pages",
    "bytes",
    "records",
    "accepted",
    "rejected",
    "error_code",
)


def report_line(report: Report, *, trigger: str) -> str:
    """Return the line of a run that ended, whatever its outcome."""
    return _line(
        run_id=report.run_id,
        outcome=report.outcome,
        origin=report.origin,
        trigger=trigger,
        exit_status=report.exit_status,
        seconds=round((report.finished_at - report.started_at).total_seconds(), 3),
        publication_id=report.publication_id,
        **asdict(report.counts),
        events=report.events,
        feeds={feed.feed: _feed(feed) for feed in report.feeds},
    )


def error_line(error: Exception, *, origin: str, trigger: str) -> str:
    """Return the line of a run that an error ended; of an unexpected error only its type."""
    return _line(
        outcome="failed",
        origin=origin,
        trigger=trigger,
        error_type=type(error).__name__,
        error=str(error) if isinstance(error, PricehouseError) else None,
    )


def _feed(feed: FeedReport) -> dict[str, object]:
    return {name: getattr(feed, name) for name in _FEED_FIELDS}


def _line(**facts: object) -> str:
    return "run " + msgspec.json.encode(facts, enc_hook=str).decode()
