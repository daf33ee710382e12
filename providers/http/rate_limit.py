"""When the next request may go out: the server's wish, our back-off, and the feed's deadline."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime

from providers.http.response import http_date
from schemas.errors import FeedDeadline
from schemas.payload import Traffic

BUSY = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which asking again may help."""

_LOG = logging.getLogger(__name__)
_PARAMETER = re.compile(r";\s*([rt])\s*=\s*(-?\d+(?:\.\d+)?)\s*(?=[;,]|$)")


class Deadline:
    """The moment after which a feed's fetch is given up; monotonic seconds from now."""

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
    """Hold requests back per origin until the server's announced moment.

    One gate for pacing and retries alike: what an answer wishes is noted once and obeyed by
    whoever asks that origin next, also before a 429 has to say it.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        now: Callable[[], datetime],
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._now = now
        self._wishes: dict[Hashable, tuple[float, str]] = {}

    def note(self, origin: Hashable, *, status: int, headers: Mapping[str, str]) -> None:
        """Remember how long this answer asks us to stay away, if it does."""
        pause, why = ratelimit_pause(headers), "the ratelimit header says that none is left"
        if pause is None and status in BUSY:
            pause, why = retry_after_pause(headers, now=self._now()), "Retry-After asks for it"
        until, _ = self._wishes.get(origin, (float("-inf"), ""))
        if pause is not None and self._monotonic() + pause > until:
            self._wishes[origin] = self._monotonic() + pause, why

    def hold(
        self, origin: Hashable, *, feed: str, backoff: float, deadline: Deadline, traffic: Traffic
    ) -> None:
        """Sleep as long as the origin wishes, else `backoff` seconds.

        FeedDeadline at once when that would pass the deadline.
        """
        until, why = self._wishes.get(origin, (float("-inf"), ""))
        wait = until - self._monotonic()
        if wait <= 0:
            wait, why = backoff, "backing off after a failure"
        if wait > 0:
            if wait >= deadline.left():
                raise FeedDeadline(
                    f"{feed}: a wait of {wait:.1f} s ({why}) would pass the deadline of "
                    f"{deadline.seconds:g} s, of which {max(deadline.left(), 0):.1f} s are left"
                )
            _LOG.info("%s: waiting %.1f s: %s", feed, wait, why)
            self._sleep(wait)
            traffic.waited_s += wait
        deadline.check(feed=feed)


def ratelimit_pause(headers: Mapping[str, str]) -> float | None:
    """Return t + 1 seconds where `ratelimit: "api";r=0;t=23` says that none is left, else None.

    Of several buckets the longest counts; what is malformed or in the past is no wish.
    """
    pauses = []
    for bucket in headers.get("ratelimit", "").split(","):
        said = {key: float(value) for key, value in _PARAMETER.findall(bucket)}
        if said.get("r") == 0 and said.get("t", -1) >= 0:
            pauses.append(said["t"] + 1)
    return max(pauses, default=None)


def retry_after_pause(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return Retry-After + 1 seconds, given in seconds or as an HTTP date, else None."""
    wish = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d+", wish, re.ASCII):
        return float(wish) + 1
    moment = http_date(wish)
    # The date is one of the server's clock, and so is `Date`: their difference knows no skew.
    told = http_date(headers.get("date", "")) or now
    return None if moment is None else max((moment - told).total_seconds(), 0) + 1
