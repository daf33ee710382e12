"""Featherless' own list: tens of thousands of models in pages of 1,000; no key."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from providers.http.response import require_object
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedMalformed, PagingError
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE, decode_page

PAGE_SIZE = 1000
MAX_PAGES = 200


class _Rows(msgspec.Struct):
    data: list[msgspec.Raw]


class FeatherlessAdapter(PriceListAdapter):
    """Read `featherless_list`; the text around its rows was never recorded whole."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages until one has no rows.

        FeedMalformed when a page has no `data` array or the first one no rows, PagingError when a
        page repeats the one before it or there is no end.
        """
        get, before = self.reader.getter(), b""
        for page in range(1, MAX_PAGES + 1):
            params = (("page", str(page)), ("per_page", str(PAGE_SIZE)))
            response = get(self.reader.url, params=params)
            if page > 1 and response.body == before:
                raise self._paging_error(f"page {page} repeats the one before it", "paging_repeat")
            yield self.reader.payload(response, page=page)
            require_object(response, feed=self.reader.name)
            try:
                rows = decode_page(response.body, _Rows).data
            except UNREADABLE:
                why = f"{self.reader.name}: page {page} has no `data` array"
                raise FeedMalformed(why, code="wrong_shape") from None
            if not rows and page == 1:
                why = f"{self.reader.name}: the first page has no rows"
                raise FeedMalformed(why, code="no_rows")
            if not rows:
                return
            before = response.body
        raise self._paging_error(f"no end after {MAX_PAGES} pages", "paging_endless")

    def _paging_error(self, why: str, code: str) -> PagingError:
        return PagingError(f"{self.reader.name}: {public_url(self.reader.url)}: {why}", code=code)
