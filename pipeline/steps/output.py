"""What a step returns: how each feed went, and its rows by feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import polars as pl

from schemas.offerings import REJECTED
from schemas.records import FeedFetch

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class StepOutput(Generic[T_co]):
    """The feeds of a run after one step.

    `feeds` has the feeds whose whole answer is good so far; `rejected` has REJECTED of all feeds,
    also of those that failed since.
    """

    fetches: list[FeedFetch]
    feeds: dict[str, T_co]
    rejected: pl.DataFrame = field(default_factory=REJECTED.empty)

    def fetch_of(self, feed: str) -> FeedFetch:
        """Return the fetch of a feed that was asked."""
        return next(fetch for fetch in self.fetches if fetch.feed == feed)
