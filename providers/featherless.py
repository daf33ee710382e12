"""Featherless' own list: tens of thousands of models in pages of 1,000; no key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from providers.http.response import Response, require_object
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedMalformed, FeedRefused, PagingError
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE, decode_page

PAGE_SIZE = 1000
MAX_PAGES = 200
MAX_EMPTY_PAGES = 2
"""Empty pages in a row after which the walk ends, however many the list states."""
_ROW_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)')
_BEHIND_THE_END = frozenset({"http_400", "http_404", "http_416", "http_422"})


class _Pagination(msgspec.Struct):
    total_pages: int | None = None


class _NumberedPage(msgspec.Struct):
    data: list[msgspec.Raw]
    pagination: msgspec.Raw = msgspec.Raw(b"")


def short_pages(sizes: Sequence[int], total: int | None) -> int:
    """Count the pages before the last one that have fewer rows than the request asked for.

    `sizes` are the new rows of each page, `total` how many pages the list states. Those that the
    walk did not ask for count too. Without `total`, the last page with a row is the last one.
    """
    if total is None:
        total = max((page for page, size in enumerate(sizes, 1) if size), default=0)
    unasked = max(0, total - 1 - len(sizes))
    return unasked + sum(size < PAGE_SIZE for size in sizes[: max(0, total - 1)])


class FeatherlessAdapter(PriceListAdapter):
    """Read `featherless_list`; the text around its rows was never recorded.

    The list states how many pages it has, and on one day every page behind the 22nd of them was
    empty. So a page that is empty, or short, before the stated end may lack rows: it is counted as
    short, and what such a walk lacks is not absent (transforms/reconcile/short_pages.py).
    """

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages until the stated last one, or until one adds no row.

        FeedMalformed when a page has no `data` array or the first one no rows, PagingError when a
        full page repeats earlier ones or there is no end.
        """
        get, seen, sizes, total = self.reader.getter(), set[bytes](), list[int](), None
        for page in range(1, MAX_PAGES + 1):
            params = (("page", str(page)), ("per_page", str(PAGE_SIZE)))
            try:
                response = get(self.reader.url, params=params)
            except FeedRefused as error:
                behind_the_end = sizes and total is None and sizes[-1] < PAGE_SIZE
                if behind_the_end and error.code in _BEHIND_THE_END:
                    return
                raise
            yield self.reader.payload(response, page=page)
            count, total = self._read(response, page=page)
            ids = set(_ROW_ID.findall(response.body))
            adds_nothing = ids <= seen
            if page > 1 and adds_nothing and count >= PAGE_SIZE:
                raise self._paging_error(f"page {page} repeats earlier ones", "paging_repeat")
            seen |= ids
            sizes.append(0 if adds_nothing else count)
            self.reader.count_short_pages(short_pages(sizes, total))
            if page >= total if total is not None else adds_nothing:
                return
            if not any(sizes[-MAX_EMPTY_PAGES:]):
                return
        raise self._paging_error(f"no end after {MAX_PAGES} pages", "paging_endless")

    def _read(self, response: Response, *, page: int) -> tuple[int, int | None]:
        """Return the count of rows of a page, and the stated count of pages, None without one."""
        require_object(response, feed=self.reader.name)
        try:
            answer = decode_page(response.body, _NumberedPage)
        except UNREADABLE:
            why = f"{self.reader.name}: page {page} has no `data` array"
            raise FeedMalformed(why, code="wrong_shape") from None
        if page == 1 and not answer.data:
            why = f"{self.reader.name}: the first page has no rows"
            raise FeedMalformed(why, code="no_rows")
        try:
            total = msgspec.json.decode(answer.pagination, type=_Pagination).total_pages
        except UNREADABLE:
            total = None
        return len(answer.data), total if total is not None and total > 0 else None

    def _paging_error(self, why: str, code: str) -> PagingError:
        return PagingError(f"{self.reader.name}: {public_url(self.reader.url)}: {why}", code=code)
