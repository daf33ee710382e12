"""One run on one screen: how a row goes from HTTP bytes to a card.

`step` wraps each step: the command line calls it directly, a flow as a Prefect task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from msgspec.structs import replace

from pipeline.context import Run
from pipeline.home_metrics import error_text
from pipeline.report import Report
from pipeline.step_times import StepTimes
from pipeline.steps.check import check_run
from pipeline.steps.extract import extract_feeds
from pipeline.steps.inputs import load_inputs
from pipeline.steps.load import fail_run, load_run
from pipeline.steps.parse import parse_feeds
from pipeline.steps.price import price_rows
from pipeline.steps.price_parts import in_memory, is_large, price_parts
from pipeline.steps.publish import publish_run
from pipeline.steps.reconcile import can_reconcile, reconcile_run
from pipeline.steps.resolve import resolve_rows
from pipeline.steps.validate import validate_rows
from schemas.records import FeedFetch
from warehouse.writer.frame_files import discard_staged_rows

P = ParamSpec("P")
T = TypeVar("T")


class Step(Protocol):
    """Wrap a function as one step of a run."""

    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]:
        """Return what is called instead of the function."""


def run_directly(function: Callable[P, T], /) -> Callable[P, T]:
    """Return the function as it is."""
    return function


def run_pipeline(run: Run, step: Step = run_directly) -> Report:
    """Fetch every feed, process what landed, and publish it."""
    watch = run.dependencies.watch
    step = times = StepTimes(step, watch)
    watch.begin(run)
    try:
        landed = step(extract_feeds)(run)
        report = process_landed(run, landed, step)
        report = replace(step(publish_run)(run, report), steps=times.taken)
    except Exception as error:
        watch.end(run, times.taken, report=None, error=error_text(error))
        raise
    watch.end(run, times.taken, report=report, error=None)
    return report


def process_landed(run: Run, landed: list[FeedFetch], step: Step = run_directly) -> Report:
    """Process landed bytes up to the commit: the same line for a new run and for its replay."""
    try:
        # `del` lets each step's frames go with the next one: what two steps hold is the peak
        parsed = step(parse_feeds)(run, landed)
        priced = step(price_parts)(run, parsed) if is_large(parsed) else None
        if priced is None:
            parsed = in_memory(parsed)
            validated = step(validate_rows)(run, parsed)
            del parsed
            resolved = step(resolve_rows)(run, validated)
            del validated
            priced = step(price_rows)(run, resolved)
            del resolved
        else:
            del parsed
        if not can_reconcile(run, priced.fetches):
            return step(fail_run)(run, priced.fetches)
        inputs = step(load_inputs)(run, priced)
        reconciled = step(reconcile_run)(run, priced, inputs)
        result = step(check_run)(run, priced, inputs, reconciled)
        del priced, inputs, reconciled  # the load takes its own memory
        return step(load_run)(run, result)
    finally:
        discard_staged_rows(run.home)
