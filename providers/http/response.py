"""What came back: an answer, the payload that is made of it, and what an error body says."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from providers.http.urls import public_url
from schemas.errors import FeedMalformed
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE

LONGEST_EXPLANATION = 200
MAX_VALUES = 2_000_000

BEGINNING_BYTES = 16 * 1024
LONGEST_KEPT = 500
WORTH_KEEPING = ("ratelimit", "ratelimit-policy", "x-request-id", "date", "etag")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_MARKUP = re.compile(r"\s*<(!doctype|html|head|body)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One answer below 400: lower-case headers, body without content encoding.

    `url` is where it came from in the end, `next_link` the Link header's rel="next" as sent,
    `fetched_at` our clock (UTC) when the last byte was in.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    fetched_at: datetime
    next_link: str | None


def payload_of(answer: Answer, *, feed: str, page: int) -> Payload:
    """Return the answer as a payload; FeedMalformed when its Memento-Datetime is no HTTP date."""
    memento = answer.headers.get("memento-datetime")
    captured_at = None if memento is None else http_date(memento)
    if memento is not None and captured_at is None:
        raise FeedMalformed(
            f"{feed}: Memento-Datetime is no HTTP date: {_short(memento)}", code="bad_memento"
        )
    return Payload(
        feed=feed,
        url=answer.url,
        page=page,
        status=answer.status,
        body=answer.body,
        fetched_at=answer.fetched_at,
        captured_at=captured_at,
        answered={
            key: value[:LONGEST_KEPT]
            for key, value in answer.headers.items()
            if key in WORTH_KEEPING
        },
    )


def count_entries(answer: Answer, *, feed: str) -> int:
    """Count the entries of a JSON array; FeedMalformed otherwise.

    Its code is `not_json`, `not_array`, or `too_many` for more values than any such page has.
    """
    _require_room(answer, feed=feed)
    try:
        return len(msgspec.json.decode(answer.body, type=list[msgspec.Raw]))
    except msgspec.ValidationError:
        raise _malformed(answer, feed=feed, code="not_array") from None
    except UNREADABLE:
        raise _malformed(answer, feed=feed, code="not_json") from None


def require_object(answer: Answer, *, feed: str) -> None:
    """Raise FeedMalformed `not_json`, `not_object` or `too_many` unless it is a JSON object."""
    _require_room(answer, feed=feed)
    try:
        msgspec.json.decode(answer.body, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise _malformed(answer, feed=feed, code="not_object") from None
    except UNREADABLE:
        raise _malformed(answer, feed=feed, code="not_json") from None


def http_date(text: str) -> datetime | None:
    """Parse an HTTP date as UTC; None when it is not one."""
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def explain(headers: Mapping[str, str], body: bytes) -> str:
    """Say in at most 200 characters what an error answer states: headers first, then the body."""
    stated = [headers[key] for key in ("x-error-code", "x-error-message") if key in headers]
    return _short(": ".join(stated)) or explain_body(body)


def explain_body(body: bytes) -> str:
    """Say in at most 200 characters what a body holds; a page of HTML is only its title.

    Knows Hugging Face's shapes: `error` as text, list or object, `errors`, plain text, HTML.
    """
    beginning = body[:BEGINNING_BYTES]
    text = beginning.decode("utf-8", errors="replace")
    if _MARKUP.match(text):
        title = _TITLE.search(text)
        return _short(html.unescape(title[1]) if title else "an HTML page")
    try:
        said = "; ".join(_sayings(msgspec.json.decode(beginning)))
    except UNREADABLE:
        said = ""
    return _short(said) or _short(text) or "an empty body"


def _sayings(decoded: object) -> Iterator[str]:
    match decoded:
        case str():
            yield decoded
        case list():
            for entry in decoded:
                yield from _sayings(entry)
        case {"error": error} | {"errors": error}:
            yield from _sayings(error)
        case {"message": str(message), "code": str(code)} | {
            "message": str(message),
            "type": str(code),
        }:
            yield f"{code}: {message}"
        case {"message": str(message)}:
            yield message


def _require_room(answer: Answer, *, feed: str) -> None:
    """Refuse a page of millions of tiny values before each becomes an object of its own.

    64 MB of `1,1,1,…` would take gigabytes. Every value but one has its comma, so the commas are a
    bound that costs a millisecond.
    """
    if answer.body.count(b",") >= MAX_VALUES:
        raise FeedMalformed(
            f"{feed}: {public_url(answer.url)} holds more than {MAX_VALUES} values on one page",
            code="too_many",
        )


def _malformed(answer: Answer, *, feed: str, code: str) -> FeedMalformed:
    wanted = {"not_json": "JSON", "not_array": "a JSON array", "not_object": "a JSON object"}[code]
    return FeedMalformed(
        f"{feed}: {public_url(answer.url)} answered {answer.status} without {wanted}: "
        f"{explain_body(answer.body)}",
        code=code,
    )


def _short(text: str) -> str:
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(shown) <= LONGEST_EXPLANATION:
        return shown
    return shown[: LONGEST_EXPLANATION - 1] + "…"
