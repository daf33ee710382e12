"""What Prefect shows of a step: whether it failed, and in a sentence what came of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from pipeline.context import Run
from pipeline.report import Report
from pipeline.steps.check import RunResult
from pipeline.steps.output import StepOutput
from schemas.load import Counts
from schemas.records import FAILED_OUTCOMES, FeedFetch
from schemas.text import replace_unprintable

_LONGEST = 1_000


class StepState(NamedTuple):
    """How a step ended, for people; a step that raised an error has none."""

    has_failed: bool
    message: str


def step_state(arguments: Sequence[Any], result: object) -> StepState:
    """Return how a step ended: failed where a required feed did in it, or nothing was published.

    `arguments` are those of the step: the run, then what the step before returned.
    """
    if isinstance(result, Report):
        return _of_report(result)
    fetches = _fetches(result)
    if fetches is None:
        return StepState(has_failed=False, message=_counted(result))
    run: Run = arguments[0]
    required = {feed.name for feed, entry in run.fetched_feeds() if entry.required}
    before = _fetches(arguments[1]) if len(arguments) > 1 else None
    known = {f.feed for f in before or () if f.outcome in FAILED_OUTCOMES}
    errors = _errors(fetches, required - known)
    if errors:
        return StepState(has_failed=True, message=replace_unprintable("; ".join(errors), _LONGEST))
    return StepState(has_failed=False, message=_answered(fetches, result))


def _of_report(report: Report) -> StepState:
    if report.outcome == "failed":
        error = replace_unprintable(report.error or "too little was fetched", _LONGEST)
        return StepState(has_failed=True, message=f"nothing was published: {error}")
    if report.outcome == "dry_run":
        return StepState(has_failed=False, message=f"dry run: {_changes(report.counts)}")
    return StepState(has_failed=False, message=f"{report.outcome}: {_changes(report.counts)}")


def _fetches(result: object) -> list[FeedFetch] | None:
    if isinstance(result, StepOutput):
        return result.fetches
    if isinstance(result, list) and all(isinstance(each, FeedFetch) for each in result):
        return result
    return None


def _errors(fetches: Sequence[FeedFetch], feeds: Collection[str]) -> list[str]:
    return [
        f.error or f"{f.feed} failed"
        for f in fetches
        if f.feed in feeds and f.outcome in FAILED_OUTCOMES
    ]


def _answered(fetches: Sequence[FeedFetch], result: object) -> str:
    read = [f for f in fetches if f.outcome != "skipped"]
    failed = [f.feed for f in read if f.outcome in FAILED_OUTCOMES]
    text = f"{len(read) - len(failed)} of {len(read)} feeds"
    if isinstance(result, StepOutput) and result.rejected.height:
        text += f", {result.rejected.height} rows rejected"
    return text + (f"; failed: {', '.join(failed)}" if failed else "")


def _counted(result: object) -> str:
    return _changes(result.summary.counts) if isinstance(result, RunResult) else "done"


def _changes(counts: Counts) -> str:
    return f"{counts.changes} changes, {counts.holds} held, {counts.offers} offers"
