"""A fixed window of requests, as the Hub counts them and reports them in its headers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock


class Quota:
    """Counts requests in fixed windows of `window_s` seconds of `clock`, starting at its zero.

    The defaults are those of the Hub's `api` bucket for a caller without a token.
    """

    def __init__(
        self,
        requests: int = 500,
        *,
        window_s: int = 300,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = requests
        self._window_s = window_s
        self._clock = clock
        self._window = -1
        self._taken = 0
        self._lock = Lock()

    def take(self) -> tuple[bool, dict[str, str]]:
        """Count one request; return whether it is within the quota, and the rate-limit headers."""
        with self._lock:
            now = self._clock()
            window = math.floor(now / self._window_s)
            if window != self._window:
                self._window, self._taken = window, 0
            allowed = self._taken < self._requests
            self._taken += allowed
            left = self._requests - self._taken
        reset = math.ceil((window + 1) * self._window_s - now)
        return allowed, {
            "ratelimit": f'"api";r={left};t={reset}',
            "ratelimit-policy": f'"fixed window";"api";q={self._requests};w={self._window_s}',
        }
