"""Artifacts of a flow run in Prefect's UI: progress, tables, and a report as text."""

from __future__ import annotations

import logging
from typing import cast
from uuid import UUID

import msgspec
from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_table_artifact,
    create_progress_artifact,
    update_progress_artifact,
)

from flows.home_names import HomeNames
from pipeline.report import Report, held_lines
from schemas.payload import Traffic
from schemas.verdict import HealthVerdict

_log = logging.getLogger(__name__)


class PageArtifact:
    """A progress artifact per feed; how many pages come is unknown, so it only nears 100."""

    def __init__(self, names: HomeNames) -> None:
        self._names = names
        self._ids: dict[str, UUID] = {}

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Show one more page."""
        self._show(
            feed,
            100 * traffic.pages / (traffic.pages + 1),
            f"{feed}: {traffic.pages} pages landed, {traffic.bytes / 1e6:.1f} MB",
        )

    def closed(self, feed: str, outcome: str) -> None:
        """Show how the feed ended."""
        self._show(feed, 100, f"{feed}: {outcome}")

    def _show(self, feed: str, progress: float, description: str) -> None:
        try:
            self._send(feed, progress, description)
        except Exception as error:  # noqa: BLE001 - Prefect raises whatever its HTTP client does
            # The hour needs no server while it runs; one that restarts must not fail it.
            _log.warning("the progress of %s could not be sent: %r", feed, error)

    def _send(self, feed: str, progress: float, description: str) -> None:
        if feed in self._ids:
            update_progress_artifact(self._ids[feed], progress, description)
        else:
            # Prefect takes no underscore in a key.
            key = self._names.of(f"pages-{feed.replace('_', '-')}")
            made = create_progress_artifact(progress, key=key, description=description)
            self._ids[feed] = cast(UUID, made)  # a coroutine only in async tasks; steps are sync


async def keep_report(report: Report, names: HomeNames) -> None:
    """Keep a run's report: a table of its feeds, one of its changes, a page of text."""
    await acreate_table_artifact(
        [
            {
                "feed": f.feed,
                "outcome": f.outcome,
                "pages": f.pages,
                "entries": f.records,
                "accepted": f.accepted,
                "rejected": f.rejected,
                "retries": f.retries,
                "waited s": f.waited_s,
                "error": f.error,
            }
            for f in report.feeds
        ],
        key=names.of("feeds"),
        description=f"Feeds of {report.run_id}",
    )
    await acreate_table_artifact(
        [msgspec.structs.asdict(change) for change in report.examples],
        key=names.of("changes"),
        description=_changes_description(report),
    )
    await acreate_markdown_artifact(
        markdown(report),
        key=names.of("report"),
        description=f"{report.outcome} {report.run_id}",
    )


async def keep_health(verdict: HealthVerdict, names: HomeNames) -> None:
    """Keep the verdict on the home: its state, the reason, and what to do."""
    lines = [f"# {verdict.state}", verdict.reason, ""]
    if verdict.remedy:
        lines += [f"What to do: {verdict.remedy}"]
    await acreate_markdown_artifact(
        "\n".join(lines), key=names.of("health"), description=verdict.line
    )


def _changes_description(report: Report) -> str:
    total = report.counts.changes
    listed = len(report.examples)
    part = f"the first {listed} of {total}" if listed < total else f"all {total}"
    what = "Changes that were not committed" if report.outcome == "dry_run" else "Changes"
    return f"{what}: {part}, in {report.run_id}"


def markdown(report: Report) -> str:
    """Return the report as Markdown: counts, changes, held offers, rejected rows, failed feeds."""
    c = report.counts
    lines = [
        f"# {report.outcome}: {report.run_id}",
        f"Origin **{report.origin}**, {report.started_at:%Y-%m-%d %H:%M:%S} to "
        f"{report.finished_at:%H:%M:%S} UTC. Readers see `{report.publication_id or 'nothing'}`.",
        "",
        f"{c.models} models, {c.offers} offers + {c.adapters} adapters; prices: {c.priced} priced, "
        f"{c.free} free, {c.suspect} suspect, {c.unpriced} not published.",
        "",
        "## What would change" if report.outcome == "dry_run" else "## Changes",
        *([f"- {event}: {count}" for event, count in report.events.items()] or ["none"]),
        "",
        "## Held",
        *([f"- {line}" for line in held_lines(report.held)] or ["none"]),
        *([""] if report.held else []),
        *(f"- `{h.check_id}` {h.inference_provider}: {h.message}" for h in report.held),
        "",
        "## Rejected",
        *(
            [f"- {reason}: {count}" for reason, count in sorted(report.rejected.items())]
            or ["none"]
        ),
    ]
    failed = [f"- {f.feed}: {f.failure}" for f in report.feeds if f.failure]
    return "\n".join([*lines, *(["", "## Failed", *failed] if failed else [])])
