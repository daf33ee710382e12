"""Decide when the next request may be sent: rate limits, back-off, and the feed's deadline.

Kept by hand: the headers are Hugging Face's (`ratelimit: "api";r=0;t=23`), and a wait must be known
before a 429 comes and be checked against the deadline, which no retry library does.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import NamedTuple

from providers.http.response import http_date
from schemas.errors import FeedDeadline
from schemas.payload import Traffic

BUSY = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which a retry may help."""

Throttle = Callable[[str], float]
"""Feed → 0 if a request of it may be sent now, else in how many seconds to ask again."""

_LOG = logging.getLogger(__name__)
_PARAMETER = re.compile(r";\s*([rt])\s*=\s*(-?\d+(?:\.\d+)?)\s*(?=[;,]|$)")


def unthrottled(feed: str) -> float:
    """Let every request be sent: nobody else shares what the upstreams allow."""
    del feed
    return 0.0


class Deadline:
    """The moment at which the fetch of a feed is given up; monotonic seconds from now."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds

    def left(self) -> float:
        """Return the seconds left, negative when it has passed."""
        return self._ends - self._clock()

    def check(self, *, feed: str) -> None:
        """Raise FeedDeadline when it has passed."""
        if self.left() <= 0:
            raise FeedDeadline(f"{feed}: not whole after its deadline of {self.seconds:g} s")


class RateLimiter:
    """Delay requests per origin until the moment that the server announced.

    Pacing and retries share it: a response's pause is recorded once, and the next request to that
    origin waits for it, also before the server has to answer 429.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], object],
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._now = now
        self._pauses: dict[Hashable, tuple[float, str]] = {}

    def observe(self, origin: Hashable, *, status: int, headers: Mapping[str, str]) -> None:
        """Record the pause that a response asks for, if it asks for one."""
        pause, why = ratelimit_pause(headers), "the ratelimit header leaves no request"
        if pause is None and status in BUSY:
            pause, why = retry_after_pause(headers, now=self._now()), "Retry-After asks for it"
        until, _ = self._pauses.get(origin, (float("-inf"), ""))
        if pause is not None and self._monotonic() + pause > until:
            self._pauses[origin] = self._monotonic() + pause, why

    def wait(
        self, origin: Hashable, *, feed: str, backoff: float, deadline: Deadline, traffic: Traffic
    ) -> None:
        """Sleep for the pause that the origin asked for, else for `backoff` seconds.

        FeedDeadline at once when that would pass the deadline.
        """
        until, why = self._pauses.get(origin, (float("-inf"), ""))
        seconds = until - self._monotonic()
        if seconds <= 0:
            seconds, why = backoff, "backing off after a failure"
        if seconds > 0:
            self.pause(seconds, why, feed=feed, deadline=deadline, traffic=traffic)
        deadline.check(feed=feed)

    def pause(
        self, seconds: float, why: str, *, feed: str, deadline: Deadline, traffic: Traffic
    ) -> None:
        """Sleep; FeedDeadline at once when that would pass the deadline."""
        if seconds >= deadline.left():
            raise FeedDeadline(
                f"{feed}: a wait of {seconds:.1f} s ({why}) would pass the deadline of "
                f"{deadline.seconds:g} s, of which {max(deadline.left(), 0):.1f} s are left"
            )
        _LOG.info("%s: waiting %.1f s: %s", feed, seconds, why)
        self._sleep(seconds)
        traffic.waited_s += seconds


def ratelimit_pause(headers: Mapping[str, str]) -> float | None:
    """Return t + 1 seconds where `ratelimit: "api";r=0;t=23` leaves no request, else None.

    Of several buckets the longest counts. A malformed or past value is no pause.
    """
    pauses = []
    for bucket in headers.get("ratelimit", "").split(","):
        values = {key: float(value) for key, value in _PARAMETER.findall(bucket)}
        if values.get("r") == 0 and values.get("t", -1) >= 0:
            pauses.append(values["t"] + 1)
    return max(pauses, default=None)


class RequestsLeft(NamedTuple):
    """How many requests a server still takes, and in how many seconds it renews the number."""

    requests: float
    reset_s: float


def ratelimit_left(headers: Mapping[str, str]) -> RequestsLeft | None:
    """Return what `ratelimit: "api";r=12;t=23` leaves, of several buckets the fewest; else None."""
    found = []
    for bucket in headers.get("ratelimit", "").split(","):
        values = {key: float(value) for key, value in _PARAMETER.findall(bucket)}
        if values.get("r", -1) >= 0 and values.get("t", -1) >= 0:
            found.append(RequestsLeft(values["r"], values["t"]))
    return min(found, default=None)


def retry_after_pause(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return Retry-After + 1 seconds, given in seconds or as an HTTP date, else None."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+", text, re.ASCII):
        return float(text) + 1
    moment = http_date(text)
    # Both dates are of the server's clock, so their difference has no skew.
    server_now = http_date(headers.get("date", "")) or now
    return None if moment is None else max((moment - server_now).total_seconds(), 0) + 1
