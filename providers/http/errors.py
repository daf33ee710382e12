"""Map a failed request to an error of ours, and decide whether a retry may help."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx

from providers.http.body import BrokenBody
from providers.http.rate_limit import BUSY
from providers.http.response import Response, describe_error
from providers.http.urls import public_url
from schemas.errors import FeedBusy, FeedError, FeedRefused, FeedUnreachable

_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def is_retryable(error: BaseException) -> bool:
    """Return whether another try of the same request may succeed."""
    match error:
        case FeedUnreachable():
            return error.code != "tls"  # a certificate does not get better within seconds
        case FeedBusy():
            return error.code in {f"http_{status}" for status in BUSY}
    return False


def error_of_response(response: Response, *, feed: str, tries: int) -> FeedError:
    """Return the error for a response of 300 or more, with the server's message."""
    status = response.status
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    kind = FeedBusy if status in BUSY or status >= 500 else FeedRefused
    return kind(
        f"{feed}: {public_url(response.url)} answered {status} {phrase}{_tried(tries)}: "
        f"{describe_error(response.headers, response.body)}",
        code=f"http_{status}",
    )


def error_of_exchange(
    error: httpx.TransportError | BrokenBody,
    *,
    url: str,
    feed: str,
    tries: int,
    scrub: Callable[[str], str] = str,
) -> FeedUnreachable:
    """Return the error for a connection that failed; code `tls` for a failed TLS handshake.

    `scrub` masks what must not be quoted from the library's text.
    """
    tls = any(
        isinstance(cause, ssl.SSLError) and not isinstance(cause, _BROKEN_OFF)
        for cause in _causes(error)
    )
    message = scrub(str(error))[:200]
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header it rejects
        message = "our own request is malformed"
    return FeedUnreachable(
        f"{feed}: no whole answer from {public_url(url)}{_tried(tries)}: "
        f"{type(error).__name__}: {message}",
        code="tls" if tls else None,
    )


def _tried(tries: int) -> str:
    return f" (tried {tries} times)" if tries > 1 else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
