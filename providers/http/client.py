"""The one HTTP client: reused, bounded, paced, and the only layer that retries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
import stamina
import stamina.instrumentation

from providers.http.auth import Bearer
from providers.http.body import BrokenBody
from providers.http.errors import failed_answer, failed_exchange, worth_another_try
from providers.http.rate_limit import Deadline, RateLimiter
from providers.http.response import Answer
from providers.http.transport import Params, Request, Transport
from providers.http.urls import follow, origin, public_url
from schemas.clock import Clock, utc_now
from schemas.errors import FeedMalformed, FeedRefused, FeedUnreachable
from schemas.payload import Traffic

TRIES = 5
BACKOFF_FIRST_S = 1.0
BACKOFF_MAX_S = 8.0
MAX_REDIRECTS = 5
MAX_BODY_BYTES = 64 * 1024 * 1024
# The Pacer logs each wait with its reason; stamina's bare line per retry would say less, twice.
stamina.instrumentation.set_on_retry_hooks([])
PARTIAL = 206  # nobody asked for a part
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class _Call:
    feed: str
    traffic: Traffic
    deadline: Deadline
    tries: int


class HttpClient:
    """GET with one reused connection pool. Close it, or use it as a context manager.

    `sleep`, `monotonic` (seconds) and `now` (UTC) are the only clocks that pacing, deadlines and
    `fetched_at` know; `timeout_s` bounds connect, read, write and pool each; `max_body_bytes`
    counts decoded bytes. `bearer` is the token and the hosts that may see it; without one every
    request is anonymous.
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        now: Clock = utc_now,
        timeout_s: float = 30.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        bearer: Bearer | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._timeout_s = timeout_s
        self._pacer = RateLimiter(sleep=sleep, monotonic=monotonic, now=now)
        self._wire = Transport(
            now=now, pacer=self._pacer, max_body_bytes=max_body_bytes, bearer=bearer
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._wire.close()

    def deadline(self, seconds: float) -> Deadline:
        """Start a deadline on this client's monotonic clock."""
        return Deadline(seconds, clock=self._monotonic)

    def get(
        self,
        url: str,
        *,
        feed: str,
        params: Params | None = None,
        traffic: Traffic,
        deadline: Deadline,
    ) -> Answer:
        """Return the answer below 400 to a GET, after retries; `traffic.bytes` counts its body.

        FeedUnreachable, FeedBusy, FeedRefused, FeedDeadline or FeedMalformed otherwise.
        """
        try:
            origin(url)
        except ValueError:
            raise FeedMalformed(
                f"{feed}: {public_url(url)} is no http(s) address", code="bad_url"
            ) from None
        backoff = 0.0
        for attempt in stamina.retry_context(
            on=worth_another_try,
            attempts=TRIES,
            timeout=None,  # the feed's deadline is the limit
            wait_initial=BACKOFF_FIRST_S,
            wait_max=BACKOFF_MAX_S,
        ):
            with attempt:
                call = _Call(feed, traffic, deadline, tries=attempt.num)
                self._hold(url, call, backoff=backoff)
                traffic.retries += attempt.num > 1
                jitter = random.random()  # noqa: S311 - spreads requests, guards nothing
                backoff = min(attempt.next_wait + jitter, BACKOFF_MAX_S)
                return self._follow(url, params, call)
        raise AssertionError("stamina returns or raises within its tries")

    def post(
        self, url: str, *, feed: str, content: bytes, accept: str, deadline: Deadline
    ) -> Answer:
        """Return the answer to one POST of JSON, whatever its status; it is never sent again.

        Nothing is followed, and nothing waits before it but the deadline: FeedUnreachable,
        FeedDeadline, FeedMalformed, or FeedRefused `echoed_secret` when there is no answer to use.
        """
        call = _Call(feed, Traffic(), deadline, tries=1)
        headers = {"Content-Type": "application/json", "Accept": accept}
        try:
            return self._wire.send(
                Request("POST", url, feed, deadline, deadline.seconds, None, content, headers)
            )
        except (httpx.TransportError, BrokenBody) as error:
            failure = self._broken(error, url, call)
        deadline.check(feed=feed)
        raise failure

    def _follow(self, url: str, params: Params | None, call: _Call) -> Answer:
        answer = self._ask(url, params, call)
        for _ in range(MAX_REDIRECTS):
            if (location := _redirection(answer)) is None:
                break
            try:
                target = follow(location, base=answer.url)
            except ValueError as error:
                raise FeedRefused(
                    f"{call.feed}: {public_url(answer.url)} redirects to {public_url(location)}, which is "
                    f"not followed ({error}): if it is right, make it the feed's base URL",
                    code="redirect",
                ) from None
            self._hold(target, call, backoff=0.0)
            answer = self._ask(target, None, call)
        if _redirection(answer) is not None:
            raise FeedRefused(
                f"{call.feed}: {public_url(url)} redirects more than {MAX_REDIRECTS} times",
                code="redirect",
            )
        if answer.status >= 300 or answer.status == PARTIAL:
            raise failed_answer(answer, feed=call.feed, tries=call.tries)
        call.traffic.bytes += len(answer.body)
        return answer

    def _hold(self, url: str, call: _Call, *, backoff: float) -> None:
        self._pacer.hold(
            origin(url),
            feed=call.feed,
            backoff=backoff,
            deadline=call.deadline,
            traffic=call.traffic,
        )

    def _ask(self, url: str, params: Params | None, call: _Call) -> Answer:
        call.traffic.requests += 1
        try:
            return self._wire.send(
                Request("GET", url, call.feed, call.deadline, self._timeout_s, params=params)
            )
        except (httpx.TransportError, BrokenBody) as error:
            failure = self._broken(error, url, call)
        # Raised out here, so that the chain does not carry httpx's text, which may quote a header.
        call.deadline.check(feed=call.feed)
        raise failure

    def _broken(
        self, error: httpx.TransportError | BrokenBody, url: str, call: _Call
    ) -> FeedUnreachable:
        return failed_exchange(
            error, url=url, feed=call.feed, tries=call.tries, scrub=self._wire.scrub
        )


def _redirection(answer: Answer) -> str | None:
    return answer.headers.get("location") if answer.status in _REDIRECTS else None
