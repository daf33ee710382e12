"""Which error of ours a failed request is, and whether another try may help."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx

from providers.http.body import BrokenBody
from providers.http.rate_limit import BUSY
from providers.http.response import Answer, explain
from providers.http.urls import public_url
from schemas.errors import FeedBusy, FeedError, FeedRefused, FeedUnreachable

_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def worth_another_try(error: Exception) -> bool | float:
    """Answer stamina's `on=`: False to give up, 0.0 to go on.

    stamina can only sleep by the real clock, so it is told not to wait at all; the Pacer waits
    before the next try, where the server's wish and the deadline are known.
    """
    match error:
        case FeedUnreachable():
            again = error.code != "tls"  # a certificate does not get better within seconds
        case FeedBusy():
            again = error.code in {f"http_{status}" for status in BUSY}
        case _:
            again = False
    return 0.0 if again else False


def failed_answer(answer: Answer, *, feed: str, tries: int) -> FeedError:
    """Return the error that an answer of 300 or more stands for, with what the server said."""
    status = answer.status
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
    kind = FeedBusy if status in BUSY or status >= 500 else FeedRefused
    return kind(
        f"{feed}: {public_url(answer.url)} answered {status} {phrase}{_tried(tries)}: "
        f"{explain(answer.headers, answer.body)}",
        code=f"http_{status}",
    )


def failed_exchange(
    error: httpx.TransportError | BrokenBody,
    *,
    url: str,
    feed: str,
    tries: int,
    scrub: Callable[[str], str] = str,
) -> FeedUnreachable:
    """Return the error for a connection that failed; code `tls` where TLS did not agree.

    `scrub` masks what must not be quoted from the library's text.
    """
    tls = any(
        isinstance(cause, ssl.SSLError) and not isinstance(cause, _BROKEN_OFF)
        for cause in _causes(error)
    )
    said = scrub(str(error))[:200]
    if isinstance(error, httpx.LocalProtocolError):  # its text quotes the header it dislikes
        said = "our own request is malformed"
    return FeedUnreachable(
        f"{feed}: no whole answer from {public_url(url)}{_tried(tries)}: {type(error).__name__}: {said}",
        code="tls" if tls else None,
    )


def _tried(tries: int) -> str:
    return f" (tried {tries} times)" if tries > 1 else ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
