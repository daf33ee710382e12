"""The hour, on one screen: how one row goes from HTTP bytes to a card.

`step` wraps each stage: as it is for the command line, as a Prefect task for a flow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from flows.commit import commit_hour, publish_hour
from flows.judge import judge_hour
from flows.land import land_feeds
from flows.report import Report
from flows.run import Run
from flows.stages import claim_prices, conform_rows, parse_feeds, split_rows
from schemas.records import FeedFetch

P = ParamSpec("P")
T = TypeVar("T")


class Step(Protocol):
    """Make a stage out of a function."""

    def __call__(self, stage: Callable[P, T], /) -> Callable[P, T]:
        """Return the stage to call."""


def plainly(stage: Callable[P, T], /) -> Callable[P, T]:
    """Return the function as it is."""
    return stage


def tell_hour(run: Run, step: Step = plainly) -> Report:
    """HTTP bytes ─ land ─ parse ─ split ─ conform ─ claim ─ judge ─ commit ─ publish."""
    landed = step(land_feeds)(run)
    report = retell_hour(run, landed, step)
    return step(publish_hour)(run, report)


def retell_hour(run: Run, landed: list[FeedFetch], step: Step = plainly) -> Report:
    """Go from landed bytes to a commit: the same line for the hour and for its replay."""
    heard = step(parse_feeds)(run, landed)
    heard = step(split_rows)(run, heard)
    heard = step(conform_rows)(run, heard)
    heard = step(claim_prices)(run, heard)
    judged = step(judge_hour)(run, heard)
    del heard  # 86,000 rows that nobody needs while the load takes its own memory
    return step(commit_hour)(run, judged)
