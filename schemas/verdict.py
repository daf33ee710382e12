"""The one verdict on a home: ok, degraded, stale or failing, why, and what to do.

`pricehouse status`, the page and the API of the status, /readyz and Prefect all give this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from schemas.clock import age_s
from schemas.durations import duration_text
from schemas.elapsed import elapsed

State = Literal["ok", "degraded", "stale", "failing"]
DEFAULT_STALE_AFTER = timedelta(hours=2)
FAILS_AFTER = 2
"""Failures in a row, of a required feed or of runs, from which on a home is failing."""
_LOOK = "docs/operating.md has what to do about each error"
_LONGEST = 300
_DEGRADES = {"coverage_fell": "coverage fell"}
"""Kind of an open alert that makes a home degraded → how the reason names it."""


class HealthVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a home, why it is so, and what to do; `remedy` is None where nothing is."""

    state: State
    reason: str
    remedy: str | None = None

    @property
    def line(self) -> str:
        """The verdict in one line."""
        return f"{self.state}: {self.reason}" + (f" ({self.remedy})" if self.remedy else "")


@dataclass(frozen=True)
class FeedHealth:
    """How reading one feed went, as the newest publication has it."""

    feed: str
    required: bool
    enabled: bool
    failures_in_a_row: int
    last_error: str | None


@dataclass(frozen=True)
class EndedRun:
    """A run since the last commit that committed nothing; `failed_feeds` are required ones."""

    outcome: str
    error: str | None
    failed_feeds: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HealthFacts:
    """What the verdict follows from.

    `observed_to` is the newest complete answer that readers see, None before the first one.
    `ended` are the runs since the last commit, by time; `alerts` are (kind, subject) of the open
    alerts of the publication. `problem` is why no run can begin.
    """

    now: datetime
    observed_to: datetime | None
    is_sample: bool = False
    is_published: bool = True
    feeds: Sequence[FeedHealth] = ()
    ended: Sequence[EndedRun] = ()
    alerts: Sequence[tuple[str, str]] = ()
    problem: str | None = None
    stale_after: timedelta = DEFAULT_STALE_AFTER


def find_verdict(facts: HealthFacts) -> HealthVerdict:
    """Return the verdict: the first that applies of failing, stale, degraded and ok."""
    verdict = _failing(facts) or _stale(facts) or _degraded(facts)
    age = "this is a sample" if facts.is_sample else "the data is new"
    reason = f"{age}, and every feed that is read answers"
    return verdict or HealthVerdict(state="ok", reason=reason)


def _failing(facts: HealthFacts) -> HealthVerdict | None:
    if facts.problem:
        return HealthVerdict(state="failing", reason=_short(facts.problem), remedy=_LOOK)
    failed = [run for run in facts.ended if run.outcome in {"failed", "interrupted"}]
    if not facts.is_published:
        last = f"; the last run: {_short(failed[-1].error)}" if failed else ""
        remedy = "run `pricehouse ingest`" if not failed else _LOOK
        return HealthVerdict(
            state="failing", reason=f"nothing is published yet{last}", remedy=remedy
        )
    of_itself = [run for run in failed if run.outcome == "failed" and not run.failed_feeds]
    if of_itself:
        reason = f"the run failed: {_short(of_itself[-1].error)}"
        return HealthVerdict(state="failing", reason=reason, remedy=_LOOK)
    if len(failed) >= FAILS_AFTER:
        reason = f"{len(failed)} runs failed in a row, the last: {_short(failed[-1].error)}"
        return HealthVerdict(state="failing", reason=reason, remedy=_LOOK)
    for feed in facts.feeds:
        count = feed.failures_in_a_row + sum(feed.feed in run.failed_feeds for run in failed)
        if feed.enabled and feed.required and feed.failures_in_a_row and count >= FAILS_AFTER:
            of_feed = [run for run in failed if feed.feed in run.failed_feeds]
            error = of_feed[-1].error if of_feed else feed.last_error
            reason = f"{feed.feed} failed {count} times in a row, the last: {_short(error)}"
            return HealthVerdict(state="failing", reason=reason, remedy=_LOOK)
    return None


def _stale(facts: HealthFacts) -> HealthVerdict | None:
    age = age_s(facts.observed_to, facts.now) if facts.observed_to else None
    if facts.is_sample or age is None or age < facts.stale_after.total_seconds():
        return None
    limit = duration_text(facts.stale_after)
    return HealthVerdict(
        state="stale",
        reason=f"the data is {elapsed(timedelta(seconds=age))} old, more than {limit}",
        remedy="check that cron or `pricehouse up` runs, or run `pricehouse ingest`",
    )


def _degraded(facts: HealthFacts) -> HealthVerdict | None:
    failed = [run for run in facts.ended if run.outcome in {"failed", "interrupted"}]
    if failed:
        reason = f"the last run failed: {_short(failed[-1].error)}"
        return HealthVerdict(
            state="degraded", reason=reason, remedy="nothing yet: the next one tries"
        )
    failing = [feed for feed in facts.feeds if feed.enabled and feed.failures_in_a_row]
    if failing:
        feed = min(failing, key=lambda feed: (not feed.required, feed.feed))
        count = feed.failures_in_a_row
        times = "once" if count == 1 else f"{count} times in a row, the last"
        more = f"; {len(failing) - 1} more failed too" if len(failing) > 1 else ""
        reason = f"{feed.feed} failed {times}: {_short(feed.last_error)}{more}"
        return HealthVerdict(state="degraded", reason=reason, remedy=_LOOK)
    for kind, text in _DEGRADES.items():
        subjects = sorted(subject for found, subject in facts.alerts if found == kind)
        if subjects:
            more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
            return HealthVerdict(
                state="degraded",
                reason=f"{text}: {subjects[0]}{more}",
                remedy="`pricehouse alerts` has each, with what to do",
            )
    return None


def _short(text: str | None) -> str:
    return "without a message" if not text else text[:_LONGEST]
