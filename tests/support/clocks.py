"""Clocks for clients under test: sleeping only moves them on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class FakeClock:
    """A clock that moves only by sleeping, and remembers each sleep."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Move on without waiting."""
        self.slept.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        """Return seconds."""
        return self.seconds

    def now(self) -> datetime:
        """Return the time, UTC."""
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.seconds)


class SkippingClock:
    """Real time plus the sleeps, which take none; `now` counts from the given moment."""

    def __init__(self, start: datetime) -> None:
        self.slept_s = 0.0
        self._start = start
        self._began = time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Move on without waiting."""
        self.slept_s += seconds

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic() + self.slept_s

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self._start + timedelta(seconds=self.monotonic() - self._began)
