"""A clock for hours against servers that misbehave: sleeping only moves it on."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class Pace:
    """Real time, plus what was slept; `now` counts from the moment that it was given."""

    def __init__(self, start: datetime) -> None:
        self.slept_s = 0.0
        self._start = start
        self._began = time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass without waiting."""
        self.slept_s += seconds

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic() + self.slept_s

    def now(self) -> datetime:
        """Return the time, UTC."""
        return self._start + timedelta(seconds=self.monotonic() - self._began)
