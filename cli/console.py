"""What a person sees in a terminal: the bar while pages land, the words at the end."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline.report import FeedReport, Report
from pipeline.status import Status
from schemas.payload import Traffic

_WIDE = None if sys.stdout.isatty() else 140  # a file or pipe has no width of its own
out = Console(highlight=False, width=_WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Bar:
    """A line per feed on stderr that counts pages and bytes; no total, nobody knows it before."""

    def __init__(self) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[said]}"),
            TimeElapsedColumn(),
            console=err,
            transient=not err.is_terminal,
        )
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Count one more page."""
        said = f"{traffic.pages} pages, {traffic.bytes / 1e6:.1f} MB"
        if traffic.waited_s:
            said += f", waited {traffic.waited_s:.0f} s"
        self._bar.update(self._line(feed), said=said)

    def closed(self, feed: str, outcome: str) -> None:
        """Stop the feed's line at its outcome."""
        self._bar.update(self._line(feed), total=1, completed=1, description=f"{feed} {outcome}")

    def _line(self, feed: str) -> TaskID:
        if feed not in self._lines:
            self._lines[feed] = self._bar.add_task(feed, total=None, said="")
        return self._lines[feed]


def say_report(report: Report) -> None:
    """Print a run's report: what came, what changed, what is held or was rejected."""
    c = report.counts
    out.print(f"[bold]{report.outcome}[/] {report.run_id} ({report.origin})")
    for feed in report.feeds:
        pages = f", {feed.pages} pages" if feed.requests else ""
        told = _counted(feed).removeprefix(f"{feed.feed}: ")
        out.print(f"  {feed.feed}: {feed.outcome}{pages}; {told}", markup=False)
    if report.outcome == "failed":
        return
    out.print(
        f"  {c.models} models, {c.offers} offers + {c.adapters} adapters; prices: {c.priced} "
        f"priced, {c.free} free, {c.suspect} suspect, {c.unpriced} not published"
    )
    events = ", ".join(f"{count} {event}" for event, count in report.events.items())
    out.print(f"  changes: {events or 'none'}")
    for held in report.held:
        said = escape(f"{held.check_id} {held.inference_provider}: {held.message}")
        out.print(f"  [yellow]held[/] {said}")
    for reason, count in sorted(report.rejected.items()):
        out.print(f"  rejected: {count} × {escape(reason)}")


def _counted(feed: FeedReport) -> str:
    if feed.records is not None:
        return f"{feed.records} entries = {feed.accepted} accepted + {feed.rejected} rejected"
    if feed.outcome == "skipped":
        return feed.error or "not asked, its last rows stand"
    return feed.error or "nothing new: the capture is told already"


def say_failure(report: Report) -> None:
    """Print to stderr what failed, what was tried, and what readers still have."""
    for feed in report.feeds:
        if feed.failure:
            err.print(f"[red]failed:[/] {escape(feed.failure)}")
    if report.outcome != "failed":
        err.print("What the other feeds said is published; the failed feed keeps its last rows.")
    elif report.publication_id:
        err.print(f"Nothing was published; the last publication stands: {report.publication_id}")
    else:
        err.print("Nothing was published, and there is no earlier publication.")


def say_status(status: Status) -> None:
    """Print the status, the age first."""
    if status.publication_id is None or status.age_s is None:
        out.print(f"{escape(status.home)}: nothing is published yet")
    else:
        age = timedelta(seconds=round(status.age_s))
        out.print(
            f"[bold]{age}[/] old: readers see {status.publication_id} ({status.origin}), "
            f"observed {_at(status.observed_from)} to {_at(status.observed_to)}"
        )
        out.print(
            f"  {status.offers} offers and adapters, {status.rankable} rankable, {status.held} "
            f"held, {status.gaps} gaps on record"
        )
    for feed in status.feeds:
        state = (
            f"{feed.failures_in_a_row} failures in a row, the last: {escape(str(feed.last_error))}"
            if feed.failures_in_a_row
            else ("ok" if feed.observed_at else "not read; run_feeds says why")
        )
        out.print(f"  {feed.feed}: last whole answer {_at(feed.observed_at)}; {escape(state)}")
    if status.last_run:
        out.print(f"  last run: {status.last_run.run_id} {status.last_run.outcome}")
    if status.last_failure:
        failure = status.last_failure
        out.print(f"  last failure: {failure.run_id}: {escape(str(failure.error))}")


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
