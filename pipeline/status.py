"""Show the age of the data and the last failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from schemas.clock import age_s
from schemas.errors import UsageError
from schemas.feed_state import feed_state
from schemas.verdict import DEFAULT_STALE_AFTER, HealthVerdict, find_verdict
from warehouse.connect import Connection
from warehouse.publication.newest import open_newest
from warehouse.publication.verdict_facts import gather_facts, unpublished_facts
from warehouse.statements import statement
from warehouse.storage.future_runs import future_problem
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder


class FeedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One feed as the newest publication knows it."""

    feed: str
    required: bool
    enabled: bool
    observed_at: datetime | None
    last_success_at: datetime | None
    failures_in_a_row: int
    last_error: str | None
    skipped_because: str | None = None
    """Why the last run did not read it, None where it did."""

    @property
    def state(self) -> str:
        """The state in plain text."""
        return feed_state(
            enabled=self.enabled,
            observed_at=self.observed_at,
            failures_in_a_row=self.failures_in_a_row,
            last_error=self.last_error,
            skipped_because=self.skipped_because,
        )


class RunStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended, from landing: also one that could not be loaded."""

    run_id: str
    outcome: str
    started_at: datetime
    error: str | None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """What `pricehouse status` shows; `--json` prints this.

    `age_s` is in seconds, never negative; None where what readers see lies in the future.
    """

    home: str
    now: datetime
    publication_id: str | None = None
    origin: str | None = None
    published_at: datetime | None = None
    observed_from: datetime | None = None
    observed_to: datetime | None = None
    age_s: float | None = None
    offers: int = 0
    rankable: int = 0
    held: int = 0
    gaps: int = 0
    alerts_open: int = 0
    """Of the newest publication; `pricehouse alerts` also has those since."""
    feeds: list[FeedStatus] = []
    last_run: RunStatus | None = None
    last_failure: RunStatus | None = None
    store: str | None = None
    """Where the landing and the publications are beside the home, None where only there."""
    warehouse: str | None = None
    """The shared warehouse that records every run first, None where the home's file does."""
    problem: str | None = None
    """Why no run can begin, None when nothing is known to be wrong; the exit status is then 1."""
    verdict: HealthVerdict


def read_status(
    home: Home,
    *,
    now: datetime,
    stale_after: timedelta = DEFAULT_STALE_AFTER,
    store: str | None = None,
    warehouse: str | None = None,
) -> Status:
    """Return the status; works while a run is writing, and before the first publication.

    Data that is older than `stale_after` makes the verdict `stale`. `store` is the address of the
    home's store, `warehouse` names the shared one; neither is asked.
    """
    landing = Landing(home.landing)
    newest = next(landing.newest_first(), None)
    from_landing: dict[str, Any] = {
        "home": str(home.root),
        "now": now,
        "store": store,
        "warehouse": warehouse,
        "last_run": _run_status(newest) if newest else None,
        "last_failure": _failure_since_commit(landing),
        "problem": future_problem(landing, now),
    }
    try:
        with open_newest(home) as con:
            (row,) = _read_rows(con, "read_publication_status")
            feeds = _read_rows(con, "read_feed_status")
            recorded = _read_rows(con, "read_last_failed_run")
            facts = gather_facts(
                home, partial(_rows_of, con), row, stale_after=stale_after, now=now
            )
    except UsageError:
        return Status(**from_landing, verdict=find_verdict(unpublished_facts(home, now=now)))
    if from_landing["last_failure"] is None and recorded:
        failed = landing.run_of(recorded[0]["run_id"])
        from_landing["last_failure"] = _run_status(failed) if failed else None
    return Status(
        **from_landing,
        **row,
        alerts_open=len(facts.alerts),
        age_s=age_s(row["observed_to"], now) if row["observed_to"] else None,
        feeds=[FeedStatus(**feed) for feed in feeds],
        verdict=find_verdict(facts),
    )


def _failure_since_commit(landing: Landing) -> RunStatus | None:
    """Return the newest failed run since the last commit: a publication records those before it."""
    for run in landing.newest_first():
        if run.is_committed:
            break
        status = _run_status(run)
        if status.outcome in {"failed", "interrupted", "cancelled", "refused"}:
            return status
    return None


def _read_rows(con: Connection, name: str) -> list[dict[str, Any]]:
    """Return a statement's rows without polars, which takes longer to import than this command."""
    return _rows_of(con, statement(name))


def _rows_of(con: Connection, query: str) -> list[dict[str, Any]]:
    relation = con.sql(query)
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    return [
        {k: v.astimezone(UTC) if isinstance(v, datetime) else v for k, v in row.items()}
        for row in rows
    ]


def _run_status(run: RunFolder) -> RunStatus:
    mark = run.mark
    return RunStatus(
        run_id=run.run_id,
        outcome=mark.outcome if mark else "running or interrupted",
        started_at=run.record.started_at,
        error=mark.error if mark else None,
    )
