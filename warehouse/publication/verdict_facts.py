"""Gather what the verdict on a home follows from: the newest publication, and the runs since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.records import FAILED_OUTCOMES
from schemas.verdict import EndedRun, FeedHealth, HealthFacts
from warehouse.storage.future_runs import future_problem
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing

ReadRows = Callable[[str], list[dict[str, Any]]]
"""Returns the rows of a statement about the newest publication."""
_FEEDS = "SELECT feed, required, enabled, failures_in_a_row, last_error FROM feeds ORDER BY feed"
_HAS_ALERTS = "SELECT view_name FROM duckdb_views() WHERE view_name = 'alerts'"
_OPEN_ALERTS = "SELECT kind, subject FROM alerts WHERE closed_at IS NULL ORDER BY kind, subject"


def unpublished_facts(home: Home, *, now: datetime) -> HealthFacts:
    """Return the facts of a home before its first publication."""
    landing = Landing(home.landing)
    return HealthFacts(
        now=now,
        observed_to=None,
        is_published=False,
        ended=_ended_since_commit(landing, set()),
        problem=future_problem(landing, now),
    )


def gather_facts(
    home: Home,
    rows: ReadRows,
    publication: Mapping[str, Any],
    *,
    stale_after: timedelta,
    now: datetime,
) -> HealthFacts:
    """Return the facts of a home with a publication, whose row is given.

    Landing need not be there: a machine that only serves has none.
    """
    landing = Landing(home.landing)
    feeds = [FeedHealth(**row) for row in rows(_FEEDS)]
    return HealthFacts(
        now=now,
        observed_to=publication["observed_to"],
        is_sample=publication["origin"] == "sample",
        feeds=feeds,
        ended=_ended_since_commit(landing, {feed.feed for feed in feeds if feed.required}),
        alerts=open_alerts(rows),
        problem=future_problem(landing, now),
        stale_after=stale_after,
    )


def open_alerts(rows: ReadRows) -> list[tuple[str, str]]:
    """Return (kind, subject) of the alerts that are open in the newest publication."""
    if not rows(_HAS_ALERTS):  # earlier code published none
        return []
    return [(row["kind"], row["subject"]) for row in rows(_OPEN_ALERTS)]


def _ended_since_commit(landing: Landing, required: set[str]) -> list[EndedRun]:
    found: list[EndedRun] = []
    for run in landing.newest_first():
        if run.is_committed:
            break
        if (mark := run.mark) is not None:
            feeds = {
                f.feed for f in run.fetches() if f.outcome in FAILED_OUTCOMES and f.feed in required
            }
            found.append(EndedRun(mark.outcome, mark.error, frozenset(feeds)))
    return found[::-1]
