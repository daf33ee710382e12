"""The wall clock, and the type of a clock that is passed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Return the time, UTC."""


def utc_now() -> datetime:
    """Return the machine's time, UTC, as DuckDB keeps it (microseconds)."""
    return datetime.now(UTC)
