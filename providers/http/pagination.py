"""Follow Link headers from page to page, and stop where they lead nowhere.

Kept by hand: no HTTP library stops at a link to another host (which would carry the token away), a
loop, a repeated page or a list without end.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Protocol

from providers.http.response import Response, count_entries
from providers.http.transport import Params
from providers.http.urls import follow, public_url
from schemas.errors import PagingError

MAX_PAGES = 10_000
MAX_WALK_BYTES = 2 * 1024**3  # ten times the whole list: an endless one would fill the disk


class Get(Protocol):
    """HttpClient.get, bound to a feed, its traffic and its deadline."""

    def __call__(self, url: str, *, params: Params | None) -> Response:
        """Return the response or raise FeedError."""


def walk(
    get: Get,
    first_url: str,
    *,
    params: Params,
    feed: str,
    max_pages: int = MAX_PAGES,
    max_bytes: int = MAX_WALK_BYTES,
) -> Iterator[Response]:
    """Yield the pages of a JSON array; `params` go with the first, a next link has its own.

    Each page is yielded before it is checked, so that a bad one can be kept as evidence; only a
    walk that ends without an error was whole. PagingError (`paging_loop`,
    `paging_repeat`, `paging_foreign`, `paging_endless`) or FeedMalformed otherwise.
    """
    seen_urls, seen_bodies = set[str](), set[bytes]()
    url, empty_before, read_bytes = first_url, False, 0
    next_params: Params | None = params
    for page in range(1, max_pages + 1):
        response = get(url, params=next_params)
        yield response
        empty = count_entries(response, feed=feed) == 0
        if response.next_link is None:
            return
        read_bytes += len(response.body)
        if read_bytes > max_bytes:
            raise _paging_error(
                feed, url, code="paging_endless", why=f"no end after {read_bytes} bytes"
            )
        body_hash = sha256(response.body).digest()
        if empty and empty_before:
            raise _paging_error(
                feed, url, code="paging_endless", why="a second empty page with a next one"
            )
        if not empty and body_hash in seen_bodies:
            raise _paging_error(
                feed, url, code="paging_repeat", why=f"page {page} repeats an earlier one"
            )
        seen_bodies.add(body_hash)
        seen_urls |= {url, response.url}
        try:
            url = follow(response.next_link, base=response.url)
        except ValueError as error:
            raise _paging_error(
                feed,
                url,
                code="paging_foreign",
                why=f"the next link leads to {public_url(response.next_link)} ({error})",
            ) from None
        if url in seen_urls:
            raise _paging_error(
                feed, url, code="paging_loop", why=f"page {page} links back to a seen one"
            )
        next_params, empty_before = None, empty
    raise _paging_error(feed, url, code="paging_endless", why=f"no end after {max_pages} pages")


def _paging_error(feed: str, url: str, *, code: str, why: str) -> PagingError:
    return PagingError(f"{feed}: {public_url(url)}: {why}", code=code)
