"""What runs without a commit state about alerts; the next run that commits stores it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from schemas.alerts import AlertFinding, AlertState, Observed
from schemas.durations import duration_text
from schemas.errors import FeedStopped
from schemas.load import Failure
from schemas.records import FAILED_OUTCOMES, FeedFetch
from schemas.text import replace_unprintable
from schemas.verdict import FAILS_AFTER
from transforms.alerts.automaton import advance, closed, opened

_LONGEST = 300


def add_failures(
    state: AlertState, failures: Sequence[Failure], *, required: Collection[str]
) -> None:
    """Move `state` on by the runs that ended without a commit, in their order."""
    interrupted = 0
    for failure in failures:
        if failure.ended in {"dry_run", "cancelled", "refused"}:
            continue
        add_attempts(state, failure.fetches, required=required)
        findings = feed_findings(state, failure.fetches)
        interrupted = interrupted + 1 if failure.ended == "interrupted" else 0
        if _is_finding(failure, required, interrupted):
            findings.append(_run_finding(failure))
        advance(
            state,
            Observed(findings, covers=lambda alert: alert.kind == "feed_failing"),
            at=failure.finished_at,
            origin=failure.record.run_id,
        )


def add_attempts(
    state: AlertState, fetches: Iterable[FeedFetch], *, required: Collection[str]
) -> None:
    """Count the attempts of required feeds that failed, each since its last complete answer.

    One that was stopped did not fail: the run ended for another reason.
    """
    for fetch in fetches:
        counts = fetch.outcome != "skipped" and fetch.error_code != FeedStopped.code
        if fetch.feed in required and counts:
            failed = fetch.outcome in FAILED_OUTCOMES
            state.streaks[fetch.feed] = state.streaks.get(fetch.feed, 0) + 1 if failed else 0


def feed_findings(state: AlertState, fetches: Iterable[FeedFetch]) -> list[AlertFinding]:
    """Return the required feeds that failed twice in a row, as counted so far."""
    errors = {fetch.feed: fetch.error for fetch in fetches if fetch.error}
    return [
        AlertFinding(
            kind="feed_failing",
            key=feed,
            subject=feed,
            message=f"{feed} failed {FAILS_AFTER} times in a row"
            + (f": {_short(errors[feed])}" if feed in errors else ""),
            feed=feed,
        )
        for feed, count in sorted(state.streaks.items())
        if count >= FAILS_AFTER
    ]


def add_staleness(
    state: AlertState, *, until: datetime, after: timedelta, over_at: datetime | None = None
) -> None:
    """Add the alert of data that was older than `after` at `until`, open or over at `over_at`.

    It opened when the data reached that age. While a run fetches, `until` is its start: one missed
    hour of an hourly run makes no data older than two hours.
    """
    observed_to = state.observed_to
    if observed_to is None or until - observed_to < after:
        return
    limit = duration_text(after)
    finding = AlertFinding(
        kind="stale",
        key="data",
        subject="data",
        message=f"the newest complete answer is of {observed_to:%Y-%m-%d %H:%M} UTC: the data is "
        f"older than {limit}",
        since=observed_to + after,
        origin=observed_to.isoformat(),
    )
    alert = opened(finding, at=until, origin="")
    if over_at is None:
        state.open.append(alert)
    else:
        recovery = f"the data was older than {limit}, and is new again"
        state.ended.append(closed(alert, at=over_at, recovery=recovery))


def _is_finding(failure: Failure, required: Collection[str], interrupted: int) -> bool:
    """Return whether the run itself failed: not through a required feed, which is counted apart."""
    if failure.ended == "interrupted":
        return interrupted >= FAILS_AFTER
    return not any(f.feed in required and f.outcome in FAILED_OUTCOMES for f in failure.fetches)


def _run_finding(failure: Failure) -> AlertFinding:
    return AlertFinding(
        kind="run_failing",
        key="run",
        subject="the hourly run",
        message=f"run {failure.record.run_id} failed: {_short(failure.error or 'unknown')}",
    )


def _short(text: str) -> str:
    return replace_unprintable(text, _LONGEST)
