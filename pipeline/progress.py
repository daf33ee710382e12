"""How a run reports its progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from schemas.payload import Traffic


class Progress(Protocol):
    """Called as pages land; implementations show a bar, an artifact, or nothing.

    Feeds of different sources may report at the same moment, each from a thread of its own.
    """

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Take note that one more page of the feed is on disk."""

    def closed(self, feed: str, outcome: str) -> None:
        """Take note that the feed is fetched, or given up."""


class NoProgress:
    """Show no progress."""

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Ignore a page."""

    def closed(self, feed: str, outcome: str) -> None:
        """Ignore the end of a feed."""


OnStep = Callable[[str], None]
"""Called with the name of each step before it."""


def ignore_step(step: str) -> None:
    """Do nothing with the name of a step."""
    del step
