"""Runs in which the code of a feed raises an error, as a mistake of ours would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from pipeline.context import Run
from pipeline.pipeline import Step


def raising(error: BaseException) -> Callable[..., Any]:
    """Return a function that raises this error whatever it is called with."""

    def call(*_: object, **__: object) -> Any:
        raise error

    return call


def with_specs(changes: dict[str, dict[str, Any]]) -> Step:
    """Return a step that runs with other code for feeds: feed → field of FeedSpec → value."""

    def step(function: Any, /) -> Any:
        @wraps(function)
        def call(run: Run, *rest: Any) -> Any:
            run.feeds = [
                replace(feed, spec=replace(feed.spec, **changes.get(feed.name, {})))
                for feed in run.feeds
            ]
            return function(run, *rest)

        return call

    return step
