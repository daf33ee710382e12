"""One response of a feed, as bytes and where they came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True)
class Payload:
    """One HTTP response, before anything is parsed.

    `body` is decoded (no content encoding), `page` counts from 1. `fetched_at` is our clock when
    the last byte was in (UTC). `captured_at` is set only by an archive: the moment that its
    `Memento-Datetime` header (RFC 7089) states; a live server never sends one. `answered` holds the
    few response headers that are kept, by lower-case name (rate limits, request id, date, etag).
    `about` is the id that the request named, where a feed is asked about single ids. `next_link` is
    the address of the page after it. `received_at` is when the body came, where the source answered
    that it is not modified since; None: it came with this response.
    """

    feed: str
    url: str
    page: int
    status: int
    body: bytes
    fetched_at: datetime
    captured_at: datetime | None = None
    answered: dict[str, str] = field(default_factory=dict)
    about: str | None = None
    next_link: str | None = None
    received_at: datetime | None = None

    @property
    def payload_hash(self) -> str:
        """sha256 of the decoded body, hex."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True)
class KnownAnswer:
    """An answer that was landed, about which a source may state that it is not modified."""

    etag: str
    next_link: str | None
    received_at: datetime
    """When its bytes came."""
    captured_at: datetime | None
    read: Callable[[], bytes | None]
    """Returns its bytes, None where they are no longer kept or damaged."""


@dataclass
class Traffic:
    """What fetching one feed took so far; the HTTP client counts, run_feeds holds it."""

    requests: int = 0
    retries: int = 0
    pages: int = 0
    bytes: int = 0
    waited_s: float = 0.0
    short_pages: int | None = field(default=None, compare=False)  # it took nothing
    """Pages with fewer rows than the request asked for that were not the last; None: no such size
    was asked for."""
    unknown_ids: list[str] = field(default_factory=list, compare=False)
    """Ids of the requests that the source does not know."""
