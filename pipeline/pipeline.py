"""The hour, on one screen: how one row goes from HTTP bytes to a card.

`step` wraps each stage: as it is for the command line, as a Prefect task for a flow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from pipeline.report import Report
from pipeline.session import Run
from pipeline.steps.extract import extract_feeds
from pipeline.steps.load import load_run, publish_run
from pipeline.steps.parse import parse_feeds, price_rows, resolve_rows, validate_rows
from pipeline.steps.reconcile import judge_hour
from schemas.records import FeedFetch

P = ParamSpec("P")
T = TypeVar("T")


class Step(Protocol):
    """Make a stage out of a function."""

    def __call__(self, stage: Callable[P, T], /) -> Callable[P, T]:
        """Return the stage to call."""


def run_directly(stage: Callable[P, T], /) -> Callable[P, T]:
    """Return the function as it is."""
    return stage


def run_pipeline(run: Run, step: Step = run_directly) -> Report:
    """HTTP bytes ─ land ─ parse ─ split ─ conform ─ claim ─ judge ─ commit ─ publish."""
    landed = step(extract_feeds)(run)
    report = process_landed(run, landed, step)
    return step(publish_run)(run, report)


def process_landed(run: Run, landed: list[FeedFetch], step: Step = run_directly) -> Report:
    """Go from landed bytes to a commit: the same line for the hour and for its replay."""
    heard = step(parse_feeds)(run, landed)
    heard = step(validate_rows)(run, heard)
    heard = step(resolve_rows)(run, heard)
    heard = step(price_rows)(run, heard)
    judged = step(judge_hour)(run, heard)
    del heard  # 86,000 rows that nobody needs while the load takes its own memory
    return step(load_run)(run, judged)
