"""The one HTTP client: reused, bounded, paced, and the only layer that retries.

tenacity counts the tries and computes the back-off; it sleeps through the rate limiter, which
waits for the server's own pause where there is one, and refuses a wait past the deadline.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from providers.http.auth import Bearer
from providers.http.body import BrokenBody
from providers.http.errors import error_of_exchange, error_of_response, is_retryable
from providers.http.proxies import NO_PROXIES, Proxies
from providers.http.rate_limit import Deadline, RateLimiter, Throttle, unthrottled
from providers.http.response import Response, unmodified
from providers.http.transport import Params, Request, Transport
from providers.http.urls import follow, origin, public_url
from schemas.clock import Clock, utc_now
from schemas.errors import FeedError, FeedMalformed, FeedRefused, FeedStopped
from schemas.payload import KnownAnswer, Traffic

TRIES = 5
BACKOFF = wait_exponential_jitter(max=8, jitter=1)
"""Seconds before the second, third, … try: 1, 2, 4, 8, each up to 1 longer, never over 8."""
MAX_REDIRECTS = 5
LONGEST_AGE_S = 24 * 3600
"""An answer that a cache has kept for longer states no price of today: the rows that a feed had age
and leave the ranking, as when it fails."""
MAX_BODY_BYTES = 192 * 1024 * 1024
"""The router's one answer about 1,000,000 models has 107 MB."""
NOT_MODIFIED = 304
PARTIAL = 206  # no request asks for a part
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class _FeedCall:
    """One `get` or `post`; `tries` counts the one that is under way."""

    feed: str
    traffic: Traffic
    deadline: Deadline
    tries: int = 1
    takes_refusals: bool = False
    known: Mapping[str, KnownAnswer] = field(default_factory=dict)


class HttpClient:
    """GET with one reused connection pool. Close it, or use it as a context manager.

    `sleep`, `monotonic` (seconds) and `now` (UTC) are the only clocks that pacing, deadlines and
    `fetched_at` use; without `sleep` it waits until `stop` ends the wait. `timeout_s` bounds
    connect, read, write and pool each; `max_body_bytes` counts decoded bytes. `bearer` is the token
    and the hosts that may receive it; without one every request is anonymous. Requests go through
    `proxies`; the environment is not read. `throttle` is asked before each GET, after the server's
    own pauses.
    """

    # Eight parameters: three clocks, three limits, and whom and how to ask are independent.
    def __init__(
        self,
        *,
        sleep: Callable[[float], object] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        now: Clock = utc_now,
        timeout_s: float = 30.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        bearer: Bearer | None = None,
        proxies: Proxies = NO_PROXIES,
        throttle: Throttle = unthrottled,
    ) -> None:
        self._throttle = throttle
        self._monotonic = monotonic
        self._timeout_s = timeout_s
        self._stopped = threading.Event()
        self._limiter = RateLimiter(sleep=sleep or self._stopped.wait, monotonic=monotonic, now=now)
        self._transport = Transport(
            now=now,
            limiter=self._limiter,
            max_body_bytes=max_body_bytes,
            bearer=bearer,
            proxies=proxies,
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
        self._transport.close()

    def stop(self) -> None:
        """Give up from another thread: a request under way, and each later one, is FeedStopped."""
        self._stopped.set()
        self._transport.cut()

    def deadline(self, seconds: float) -> Deadline:
        """Start a deadline on this client's monotonic clock."""
        return Deadline(seconds, clock=self._monotonic)

    # Eight parameters: what is asked, what counts it, what bounds it, and what is known of it.
    def get(
        self,
        url: str,
        *,
        feed: str,
        params: Params | None = None,
        traffic: Traffic,
        deadline: Deadline,
        takes_refusals: bool = False,
        known: Mapping[str, KnownAnswer] | None = None,
    ) -> Response:
        """Return the response below 300 to a GET, after retries; `traffic.bytes` counts its body.

        An answer that is `known`, by its address, is requested with its ETag, and returned if it
        is not modified; if its bytes are gone, it is requested once more without. With
        `takes_refusals` also one of 400 or more, which is then not requested again.
        FeedUnreachable, FeedBusy, FeedRefused, FeedDeadline or FeedMalformed otherwise.
        """
        try:
            origin(url)
        except ValueError:
            raise FeedMalformed(
                f"{feed}: {public_url(url)} is no http(s) address", code="bad_url"
            ) from None
        retrying = Retrying(
            stop=stop_after_attempt(TRIES),  # the feed's deadline limits the time
            wait=BACKOFF,
            retry=retry_if_exception(is_retryable),
            sleep=partial(self._wait_to_retry, url, _FeedCall(feed, traffic, deadline)),
            reraise=True,
        )
        self._wait(url, _FeedCall(feed, traffic, deadline))
        for attempt in retrying:
            with attempt:
                tries = attempt.retry_state.attempt_number
                call = _FeedCall(feed, traffic, deadline, tries, takes_refusals, known or {})
                return self._get_once(url, params, call)
        raise AssertionError("tenacity returns or raises within its tries")

    def post(
        self, url: str, *, feed: str, content: bytes, accept: str, deadline: Deadline
    ) -> Response:
        """Return the response to one POST of JSON, whatever its status; it is never sent again.

        No redirection is followed, and only the deadline bounds it: FeedUnreachable, FeedDeadline,
        FeedMalformed, or FeedRefused `echoed_secret` when there is no response to use.
        """
        call = _FeedCall(feed, Traffic(), deadline)
        headers = {"Content-Type": "application/json", "Accept": accept}
        return self._send(
            Request("POST", url, feed, deadline, deadline.seconds, None, content, headers), call
        )

    def _get_once(self, url: str, params: Params | None, call: _FeedCall) -> Response:
        """Send one GET and follow its redirects within the origin."""
        response = self._get_page(url, params, call)
        for _ in range(MAX_REDIRECTS):
            if (location := _redirection(response)) is None:
                break
            try:
                target = follow(location, base=response.url)
            except ValueError as error:
                raise FeedRefused(
                    f"{call.feed}: {public_url(response.url)} redirects to {public_url(location)}, "
                    f"which is not followed ({error}): if it is right, make it the feed's base URL",
                    code="redirect",
                ) from None
            self._wait(target, call)
            response = self._get_page(target, None, call)
        if _redirection(response) is not None:
            raise FeedRefused(
                f"{call.feed}: {public_url(url)} redirects more than {MAX_REDIRECTS} times",
                code="redirect",
            )
        if response.status >= 400 and call.takes_refusals:
            call.traffic.bytes += len(response.body)
            return response
        if response.status >= 300 or response.status == PARTIAL:
            place = self._place(response.url)
            raise error_of_response(response, place=place, feed=call.feed, tries=call.tries)
        age = response.headers.get("age", "")
        if age.isdecimal() and int(age[:12]) > LONGEST_AGE_S:
            raise FeedRefused(
                f"{call.feed}: {self._place(response.url)} answered from a cache, with an answer "
                f"that is {int(age[:12]) // 3600} hours old: let the cache ask the source again",
                code="stale_answer",
            )
        call.traffic.bytes += len(response.body) if response.known is None else 0
        return response

    def _get_page(self, url: str, params: Params | None, call: _FeedCall) -> Response:
        """Send one GET; of an answer that is known, ask whether it changed."""
        known = call.known.get(self._transport.address(url, params)) if call.known else None
        if known is None:
            return self._request(url, params, call)
        response = self._request(url, params, call, etag=known.etag)
        if response.status != NOT_MODIFIED:
            return response
        if (landed := unmodified(response, known)) is not None:
            return landed
        self._wait(url, call)
        return self._request(url, params, call)

    def _request(
        self, url: str, params: Params | None, call: _FeedCall, *, etag: str | None = None
    ) -> Response:
        call.traffic.requests += 1
        headers = {"If-None-Match": etag} if etag is not None else None
        return self._send(
            Request("GET", url, call.feed, call.deadline, self._timeout_s, params, headers=headers),
            call,
        )

    def _send(self, request: Request, call: _FeedCall) -> Response:
        if self._stopped.is_set():
            raise FeedStopped(f"{call.feed}: the run ended before it was fetched whole")
        try:
            return self._transport.send(request)
        except (httpx.TransportError, BrokenBody) as error:
            failure: FeedError = error_of_exchange(
                error,
                place=self._place(request.url),
                feed=call.feed,
                tries=call.tries,
                scrub=self._transport.scrub,
            )
        # Raised out here, so that the chain does not carry httpx's text, which may quote a header.
        call.deadline.check(feed=call.feed)
        raise failure

    def _place(self, url: str) -> str:
        """Return what was asked, for a message, and the proxy that it was asked through."""
        server = self._transport.proxy_of(url)
        through = f" through the proxy {server.address} ({server.variable})" if server else ""
        return f"{public_url(url)}{through}"

    def _wait(self, url: str, call: _FeedCall, *, backoff: float = 0.0) -> None:
        self._limiter.wait(
            origin(url),
            feed=call.feed,
            backoff=backoff,
            deadline=call.deadline,
            traffic=call.traffic,
        )
        while not self._stopped.is_set() and (seconds := self._throttle(call.feed)) > 0:
            self._limiter.pause(
                seconds,
                "what the upstream allows is shared with other runs",
                feed=call.feed,
                deadline=call.deadline,
                traffic=call.traffic,
            )

    def _wait_to_retry(self, url: str, call: _FeedCall, backoff: float) -> None:
        self._wait(url, call, backoff=backoff)
        call.traffic.retries += 1  # a retry that the deadline forbids is not one


def _redirection(response: Response) -> str | None:
    return response.headers.get("location") if response.status in _REDIRECTS else None
