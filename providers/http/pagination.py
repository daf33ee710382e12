"""Follow Link headers from page to page, and stop where they lead nowhere.

Kept by hand: no HTTP library stops at a link to another host (which would carry the token away), a
loop, a repeated page or a list without end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class PageSize:
    """How many rows a page was asked for, and what to do with the count of pages with fewer."""

    rows: int
    on_short: Callable[[int], None]


# Seven parameters: only tests set the two limits.
def walk(
    get: Get,
    first_url: str,
    *,
    params: Params,
    feed: str,
    size: PageSize | None = None,
    max_pages: int = MAX_PAGES,
    max_bytes: int = MAX_WALK_BYTES,
) -> Iterator[Response]:
    """Yield the pages of a JSON array; `params` go with the first, a next link has its own.

    Each page is yielded before it is checked, so that a bad one can be kept as evidence; only a
    walk that ends without an error was whole. PagingError (`paging_hole`, `paging_loop`,
    `paging_repeat`, `paging_foreign`, `paging_endless`) or FeedMalformed otherwise.
    """
    seen_urls, seen_bodies = set[str](), set[bytes]()
    url, read_bytes, short = first_url, 0, 0
    next_params: Params | None = params
    if size is not None:
        size.on_short(0)
    for page in range(1, max_pages + 1):
        response = get(url, params=next_params)
        yield response
        rows = count_entries(response, feed=feed)
        if response.next_link is None:
            return
        if rows == 0:
            raise _empty_page(feed, url, page)
        if size is not None and rows < size.rows:
            short += 1
            size.on_short(short)
        read_bytes += len(response.body)
        if read_bytes > max_bytes:
            raise _paging_error(
                feed, url, code="paging_endless", why=f"no end after {read_bytes} bytes"
            )
        body_hash = sha256(response.body).digest()
        if body_hash in seen_bodies:
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
        next_params = None
    raise _paging_error(feed, url, code="paging_endless", why=f"no end after {max_pages} pages")


def _empty_page(feed: str, url: str, page: int) -> PagingError:
    """Return the error of an empty page with a next link: what belongs on it is unknown."""
    if page == 1:
        return _paging_error(
            feed, url, code="paging_endless", why="the first page is empty and has a next one"
        )
    return _paging_error(
        feed,
        url,
        code="paging_hole",
        why=f"page {page} is empty and has a next one, so rows are missing; the last whole answer "
        "stays",
    )


def _paging_error(feed: str, url: str, *, code: str, why: str) -> PagingError:
    return PagingError(f"{feed}: {public_url(url)}: {why}", code=code)
