"""Print a run's report, its failures and the status of a home for a person to read."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.markup import escape

from cli.console import err, out
from cli.options import print_json
from schemas.elapsed import elapsed

if TYPE_CHECKING:  # the reports bring polars with them, and `status` needs none
    from pipeline.report import FeedReport, Held, Report
    from pipeline.status import Status

FEW = 10
"""How many holds a printed report lists one by one; `--json` and the checks have all."""


def print_report(report: Report) -> None:
    """Print a run's report: feeds, counts, changes, held values and rejected rows."""
    c = report.counts
    out.print(f"[bold]{report.outcome}[/] {report.run_id} ({report.origin})")
    for feed in report.feeds:
        pages = f", {feed.pages} pages" if feed.requests else ""
        entries = _entries(feed).removeprefix(f"{feed.feed}: ")
        out.print(f"  {feed.feed}: {feed.outcome}{pages}; {entries}", markup=False)
    if report.outcome == "failed":
        return
    also = " (with those that are adapters alone)" if c.adapters else ""
    out.print(
        f"  {c.models} models{also}, {c.offers} offers + {c.adapters} adapters; prices: {c.priced} "
        f"priced, {c.free} free, {c.suspect} suspect, {c.unpriced} not published"
    )
    events = ", ".join(f"{count} {event}" for event, count in report.events.items())
    out.print(f"  changes: {events or 'none'}")
    _print_held(report.held)
    for reason, count in sorted(report.rejected.items()):
        out.print(f"  rejected: {count} × {escape(reason)}")


def print_failure(report: Report) -> None:
    """Print to stderr what failed, what was tried, and what readers still have."""
    for feed in report.feeds:
        if feed.failure:
            err.print(f"[red]failed:[/] {escape(feed.failure)}")
    if report.outcome != "failed":
        err.print("The rows of the other feeds are published; the failed feed keeps its last rows.")
    elif report.publication_id:
        err.print(f"Nothing was published; readers keep publication {report.publication_id}.")
    else:
        err.print("Nothing was published, and there is no earlier publication.")


def print_and_exit(report: Report, *, as_json: bool) -> None:
    """Print a run's report, its failures to stderr, and exit with its status unless that is 0."""
    if as_json:
        print_json(report)
    else:
        print_report(report)
    if report.exit_status:
        print_failure(report)
        sys.exit(report.exit_status)


def print_status(status: Status) -> None:
    """Print the status, the verdict and the age first."""
    verdict = status.verdict
    colour = {"ok": "green", "degraded": "yellow"}.get(verdict.state, "red")
    out.print(f"[bold {colour}]{verdict.state}[/]: {escape(verdict.reason)}", soft_wrap=True)
    if verdict.remedy:
        out.print(f"  what to do: {escape(verdict.remedy)}", soft_wrap=True)
    if status.problem:
        out.print(f"[red]error:[/] {escape(status.problem)}", soft_wrap=True)
    if status.publication_id is None:
        out.print(f"{escape(status.home)}: nothing is published yet")
    else:
        known = status.age_s is not None
        age = f"{elapsed(timedelta(seconds=status.age_s or 0))} old" if known else "age unknown"
        out.print(
            f"[bold]{age}[/]: readers see {status.publication_id} ({status.origin}), "
            f"observed {_minute(status.observed_from)} to {_minute(status.observed_to)}"
        )
        out.print(
            f"  {status.offers} offers and adapters, {status.rankable} rankable, {status.held} "
            f"held, {status.gaps} {'gap' if status.gaps == 1 else 'gaps'} on record"
        )
    if status.warehouse:
        out.print(f"  shared warehouse: {escape(status.warehouse)}", soft_wrap=True)
    if status.store:
        out.print(f"  store: {escape(status.store)}", soft_wrap=True)
    for feed in status.feeds:
        observed = _minute(feed.observed_at)
        out.print(f"  {feed.feed}: last complete response {observed}; {escape(feed.state)}")
    if status.last_run:
        out.print(f"  last run: {status.last_run.run_id} {status.last_run.outcome}")
    if status.last_failure:
        failure = status.last_failure
        out.print(f"  last failure: {failure.run_id}: {escape(str(failure.error))}")


def _print_held(held: list[Held]) -> None:
    """Print a line per kind of hold, and each hold with its id where they are few."""
    from pipeline.report import held_lines

    for line in held_lines(held):
        out.print(f"  [yellow]held[/] {escape(line)}", soft_wrap=True)
    for hold in held[:FEW]:
        place = f"{hold.inference_provider}: " if hold.inference_provider else ""
        out.print(f"    {hold.check_id} {place}{hold.message}", markup=False, soft_wrap=True)
    if len(held) > FEW:
        out.print(f"    and {len(held) - FEW} more; `checks` has all that are pending")


def _entries(feed: FeedReport) -> str:
    if feed.records is not None:
        return f"{feed.records} entries = {feed.accepted} accepted + {feed.rejected} rejected"
    if feed.outcome == "skipped":
        return feed.error or "not fetched; its last rows stay"
    return feed.error or "nothing new: the warehouse has this capture already"


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
