"""Walk a list from page to page by its Link header, and stop where that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from providers.http.response import Answer, count_entries
from providers.http.transport import Params
from providers.http.urls import follow, public_url
from schemas.errors import PagingError

MAX_PAGES = 10_000
MAX_WALK_BYTES = 2 * 1024**3  # ten times the whole list; else an endless one would fill the disk


class Get(Protocol):
    """HttpClient.get, bound to a feed, its traffic and its deadline."""

    def __call__(self, url: str, *, params: Params | None) -> Answer:
        """Return the answer or raise FeedError."""


def walk(
    get: Get,
    first_url: str,
    *,
    params: Params,
    feed: str,
    max_pages: int = MAX_PAGES,
    max_bytes: int = MAX_WALK_BYTES,
) -> Iterator[Answer]:
    """Yield the pages of a JSON array; `params` go with the first, a next link brings its own.

    Each page is handed out before it is looked at, so that a bad one can be kept as evidence;
    only a walk that ends without an error was whole. PagingError (`paging_loop`,
    `paging_repeat`, `paging_foreign`, `paging_endless`) or FeedMalformed otherwise.
    """
    seen_urls, seen_bodies = set[str](), set[bytes]()
    url, empty_before, read_bytes = first_url, False, 0
    asked: Params | None = params
    for page in range(1, max_pages + 1):
        answer = get(url, params=asked)
        yield answer
        empty = count_entries(answer, feed=feed) == 0
        if answer.next_link is None:
            return
        read_bytes += len(answer.body)
        if read_bytes > max_bytes:
            raise _lost(feed, url, code="paging_endless", why=f"no end after {read_bytes} bytes")
        body_hash = sha256(answer.body).digest()
        if empty and empty_before:
            raise _lost(feed, url, code="paging_endless", why="a second empty page with a next one")
        if not empty and body_hash in seen_bodies:
            raise _lost(feed, url, code="paging_repeat", why=f"page {page} repeats an earlier one")
        seen_bodies.add(body_hash)
        seen_urls |= {url, answer.url}
        try:
            url = follow(answer.next_link, base=answer.url)
        except ValueError as error:
            raise _lost(
                feed,
                url,
                code="paging_foreign",
                why=f"the next link leads to {public_url(answer.next_link)} ({error})",
            ) from None
        if url in seen_urls:
            raise _lost(feed, url, code="paging_loop", why=f"page {page} links back to a seen one")
        asked, empty_before = None, empty
    raise _lost(feed, url, code="paging_endless", why=f"no end after {max_pages} pages")


def _lost(feed: str, url: str, *, code: str, why: str) -> PagingError:
    return PagingError(f"{feed}: {public_url(url)}: {why}", code=code)
