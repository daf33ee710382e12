"""A response, the payload made of it, checks of its shape, and the text of an error body."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from providers.http.urls import public_url
from schemas.errors import FeedMalformed
from schemas.payload import KnownAnswer, Payload
from schemas.unreadable import UNREADABLE, decode_page

LONGEST_DESCRIPTION = 200
MAX_VALUES = 8_000_000
MAX_TINY_VALUES = 2_000_000
TINY_BYTES = 8
"""Of a value with its key; those of real answers have 25 on average."""
BEGINNING_BYTES = 16 * 1024
LONGEST_KEPT = 500
KEPT_HEADERS = ("ratelimit", "ratelimit-policy", "x-request-id", "date", "etag")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Response:
    """One response: lower-case headers, body without content encoding.

    `url` is the address after redirects, `next_link` the Link header's rel="next" as sent,
    `fetched_at` our clock (UTC) when the last byte was in.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    fetched_at: datetime
    next_link: str | None
    known: KnownAnswer | None = None
    """The landed answer that this is, where the source answered that it is not modified."""


def unmodified(response: Response, known: KnownAnswer) -> Response | None:
    """Return the landed answer that a 304 stands for; None when it is gone, or of another ETag."""
    etag = response.headers.get("etag", known.etag)
    body = known.read() if etag.removeprefix("W/") == known.etag.removeprefix("W/") else None
    if body is None:
        return None
    return replace(
        response,
        status=200,
        headers={**response.headers, "etag": known.etag},
        body=body,
        next_link=response.next_link or known.next_link,
        known=known,
    )


def payload_of(response: Response, *, feed: str, page: int) -> Payload:
    """Return the response as a payload; FeedMalformed when its Memento-Datetime is no HTTP date."""
    memento = response.headers.get("memento-datetime")
    captured_at = None if memento is None else http_date(memento)
    if memento is not None and captured_at is None:
        raise FeedMalformed(
            f"{feed}: Memento-Datetime is no HTTP date: {_short(memento)}", code="bad_memento"
        )
    known = response.known
    if known is not None and captured_at is None:
        captured_at = known.captured_at
    return Payload(
        feed=feed,
        url=response.url,
        page=page,
        status=response.status,
        body=response.body,
        fetched_at=response.fetched_at,
        captured_at=captured_at,
        answered={
            key: value[:LONGEST_KEPT]
            for key, value in response.headers.items()
            if key in KEPT_HEADERS
        },
        next_link=response.next_link,
        received_at=known.received_at if known else None,
    )


def count_entries(response: Response, *, feed: str) -> int:
    """Count the entries of a JSON array; FeedMalformed otherwise.

    Its code is `not_json`, `not_array`, or `too_many` for more values than any such page has.
    """
    _require_few_values(response, feed=feed)
    try:
        return len(decode_page(response.body, list[msgspec.Raw]))
    except msgspec.ValidationError:
        raise _malformed(response, feed=feed, code="not_array") from None
    except UNREADABLE:
        raise _malformed(response, feed=feed, code="not_json") from None


def is_json(response: Response) -> bool:
    """Return whether the body is one JSON document."""
    try:
        decode_page(response.body, msgspec.Raw)
    except UNREADABLE:
        return False
    return True


def require_json(response: Response, *, feed: str) -> None:
    """Raise FeedMalformed `not_json` or `too_many` unless it is one JSON document."""
    _require_few_values(response, feed=feed)
    if not is_json(response):
        raise _malformed(response, feed=feed, code="not_json")


def require_object(response: Response, *, feed: str) -> None:
    """Raise FeedMalformed `not_json`, `not_object` or `too_many` unless it is a JSON object."""
    _require_few_values(response, feed=feed)
    try:
        decode_page(response.body, dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise _malformed(response, feed=feed, code="not_object") from None
    except UNREADABLE:
        raise _malformed(response, feed=feed, code="not_json") from None


def http_date(text: str) -> datetime | None:
    """Parse an HTTP date as UTC; None when it is not one."""
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def describe_error(headers: Mapping[str, str], body: bytes) -> str:
    """Return an error's message in at most 200 characters, from the headers, else the body."""
    stated = [headers[key] for key in ("x-error-code", "x-error-message") if key in headers]
    return _short(": ".join(stated)) or describe_body(body)


def describe_body(body: bytes) -> str:
    """Return a body's message in at most 200 characters; of an HTML page only its title.

    Reads Hugging Face's shapes: `error` as text, list or object, `errors`, plain text, HTML.
    """
    beginning = body[:BEGINNING_BYTES]
    text = beginning.decode("utf-8", errors="replace")
    if _MARKUP.match(text):
        title = _TITLE.search(text)
        return _short(html.unescape(title[1]) if title else "an HTML page")
    try:
        message = "; ".join(_error_messages(msgspec.json.decode(beginning)))
    except UNREADABLE:
        message = ""
    return _short(message) or _short(text) or "an empty body"


def _error_messages(decoded: object) -> Iterator[str]:
    match decoded:
        case str():
            yield decoded
        case list():
            for entry in decoded:
                yield from _error_messages(entry)
        case {"error": error} | {"errors": error}:
            yield from _error_messages(error)
        case {"message": str(message), "code": str(code)} | {
            "message": str(message),
            "type": str(code),
        }:
            yield f"{code}: {message}"
        case {"message": str(message)}:
            yield message


def _require_few_values(response: Response, *, feed: str) -> None:
    """Refuse a page of millions of tiny values before each becomes a Python object.

    64 MB of `1,1,1,…` would take gigabytes. Every value but one has its comma, so counting commas
    bounds them and costs a millisecond.
    """
    values = response.body.count(b",")
    most = MAX_VALUES if values * TINY_BYTES <= len(response.body) else MAX_TINY_VALUES
    if values >= most:
        raise FeedMalformed(
            f"{feed}: {public_url(response.url)} holds more than {most} values on one page",
            code="too_many",
        )


def _malformed(response: Response, *, feed: str, code: str) -> FeedMalformed:
    wanted = {"not_json": "JSON", "not_array": "a JSON array", "not_object": "a JSON object"}[code]
    return FeedMalformed(
        f"{feed}: {public_url(response.url)} answered {response.status} without {wanted}: "
        f"{describe_body(response.body)}",
        code=code,
    )


def _short(text: str) -> str:
    printable = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(printable) <= LONGEST_DESCRIPTION:
        return printable
    return printable[: LONGEST_DESCRIPTION - 1] + "…"
