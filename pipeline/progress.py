"""What a run tells while it goes on."""

from __future__ import annotations

from typing import Protocol

from schemas.payload import Traffic


class Progress(Protocol):
    """Hear of pages as they land; implementations show a bar, or an artifact, or nothing."""

    def landed(self, feed: str, traffic: Traffic) -> None:
        """One more page of the feed is on disk."""

    def closed(self, feed: str, outcome: str) -> None:
        """The feed is fetched, or given up."""


class NoProgress:
    """Tell nothing."""

    def landed(self, feed: str, traffic: Traffic) -> None:
        """Tell nothing of a page."""

    def closed(self, feed: str, outcome: str) -> None:
        """Tell nothing of an end."""
