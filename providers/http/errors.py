"""Map a failed request to an error of ours, and decide whether a retry may help."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx

from providers.http.body import BrokenBody
from providers.http.rate_limit import BUSY
from providers.http.response import Response, describe_error
from schemas.errors import FeedBusy, FeedError, FeedRefused, FeedUnreachable

_PROXY_REFUSES = re.compile(
    r"4\d\d |Invalid username|Requested .* but got|Proxy Server could not connect: .*not allowed"
)
"""Texts of httpcore about what a proxy answered to CONNECT or by SOCKS: no retry changes them."""
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def is_retryable(error: BaseException) -> bool:
    """Return whether another try of the same request may succeed."""
    match error:
        case FeedUnreachable():
            return error.code != "tls"  # a certificate does not get better within seconds
        case FeedBusy():
            return error.code in {f"http_{status}" for status in BUSY}
    return False


def error_of_response(response: Response, *, place: str, feed: str, tries: int) -> FeedError:
    """Return the error for a response of 300 or more, with the server's message.

    `place` is the address for a message.
    """
    status = response.status
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    kind = FeedBusy if status in BUSY or status >= 500 else FeedRefused
    return kind(
        f"{feed}: {place} answered {status} {phrase}{_tried(tries)}: "
        f"{describe_error(response.headers, response.body)}",
        code=f"http_{status}",
    )


def error_of_exchange(
    error: httpx.TransportError | BrokenBody,
    *,
    place: str,
    feed: str,
    tries: int,
    scrub: Callable[[str], str] = str,
) -> FeedError:
    """Return the error for a connection that failed; code `tls` for a failed TLS handshake.

    `place` is the address for a message, `scrub` masks what must not be quoted from the library's
    text. A proxy that refuses is FeedRefused, code `proxy_refused`.
    """
    tls = any(
        isinstance(cause, ssl.SSLError) and not isinstance(cause, _BROKEN_OFF)
        for cause in _causes(error)
    )
    message = scrub(str(error))[:200]
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header it rejects
        message = "our own request is malformed"
    if isinstance(error, httpx.ProxyError) and _PROXY_REFUSES.match(message):
        return FeedRefused(
            f"{feed}: {place} is refused by the proxy: {message}; check the login and the rules of "
            "the proxy",
            code="proxy_refused",
        )
    return FeedUnreachable(
        f"{feed}: no whole answer from {place}{_tried(tries)}: {type(error).__name__}: {message}",
        code="tls" if tls else None,
    )


def _tried(tries: int) -> str:
    return f" (tried {tries} times)" if tries > 1 else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
