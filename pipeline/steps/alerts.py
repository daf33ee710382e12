"""Find which alerts a run opens and closes, inside the transaction that loads it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from pipeline.context import Run
from pipeline.steps.check import RunSummary
from schemas.alerts import AlertFacts, AlertState, FindAlerts, Observed
from schemas.load import Failure
from schemas.records import AlertRecord
from transforms.alerts.automaton import advance
from transforms.alerts.failed_attempts import (
    add_attempts,
    add_failures,
    add_staleness,
    feed_findings,
)
from transforms.alerts.observations import observe


def alert_finder(
    run: Run, summary: RunSummary, failures: list[Failure], finished_at: datetime
) -> FindAlerts | None:
    """Return what finds the alerts of a run; None for a run of earlier code, which opened none."""
    rules = run.record.alerts
    if rules is None:
        return None
    return partial(
        _find, run=run, rules=rules, summary=summary, failures=failures, finished_at=finished_at
    )


# Seven parameters: the state and the facts come from the transaction, the rest from the run.
def _find(
    state: AlertState,
    facts: AlertFacts,
    *,
    run: Run,
    rules: AlertRecord,
    summary: RunSummary,
    failures: list[Failure],
    finished_at: datetime,
) -> None:
    required = required_feeds(run)
    add_failures(state, failures, required=required)
    add_attempts(state, summary.fetches, required=required)
    newer = facts.observed_to is not None and facts.observed_to != state.observed_to
    if newer and run.record.origin == "live":  # recorded answers of the sample are old by nature
        after = timedelta(seconds=rules.stale_after_s)
        add_staleness(state, until=run.record.started_at, after=after, over_at=finished_at)
    observed = observe(
        facts,
        summary.checks,
        summary.rejected,
        move_pct=rules.move_pct,
        feeds={fetch.feed for fetch in summary.fetches if fetch.is_whole},
    )
    failing = feed_findings(state, summary.fetches)
    advance(
        state,
        Observed([*observed.findings, *failing], observed.covers),
        at=finished_at,
        origin=run.record.run_id,
    )


def required_feeds(run: Run) -> set[str]:
    """Return the feeds without which a run counts as failed."""
    return {feed.name for feed, entry in run.fetched_feeds() if entry.required}
