"""The wall clock, the type of a clock that is passed in, and how far a clock may be ahead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Return the time, UTC."""

TOLERANCE = timedelta(hours=2)
"""A recorded time that is ahead of the clock by less is no error: clocks are set back by seconds,
and two missed hours are where data counts as late."""


def utc_now() -> datetime:
    """Return the machine's time, UTC, as DuckDB keeps it (microseconds)."""
    return datetime.now(UTC)


def is_ahead(at: datetime, now: datetime) -> bool:
    """Return whether a recorded time lies so far in the future that one of two clocks was wrong."""
    return at - now >= TOLERANCE


def age_s(at: datetime, now: datetime) -> float | None:
    """Return the age in seconds, never negative; None where the time lies in the future."""
    return None if is_ahead(at, now) else max((now - at).total_seconds(), 0.0)
