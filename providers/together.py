"""Together's list of serverless models, for whoever has a key.

Written from its documentation and other readers; no real response was recorded.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from providers.http.response import require_object
from providers.http.transport import Params
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedMalformed, PagingError
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE, decode_page

MAX_PAGES = 50
_FIRST: Params = (("product", "PRODUCT_SERVERLESS"), ("limit", "200"))


class _CursorPage(msgspec.Struct):
    next_cursor: str | None = None


class TogetherAdapter(PriceListAdapter):
    """Read `together_list`, page by page as its cursors lead."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages; PagingError when a cursor comes back or there is no end."""
        get, cursors, params = self.reader.getter(), set[str](), _FIRST
        for page in range(1, MAX_PAGES + 1):
            response = get(self.reader.url, params=params)
            yield self.reader.payload(response, page=page)
            require_object(response, feed=self.reader.name)
            try:
                cursor = decode_page(response.body, _CursorPage).next_cursor
            except UNREADABLE:
                why = f"{self.reader.name}: the answer's cursor is no text"
                raise FeedMalformed(why, code="wrong_shape") from None
            if not cursor:
                return
            if cursor in cursors:
                raise self._paging_error("a cursor leads back to itself", "paging_loop")
            cursors.add(cursor)
            params = (*_FIRST, ("after", cursor))
        raise self._paging_error(f"no end after {MAX_PAGES} pages", "paging_endless")

    def _paging_error(self, why: str, code: str) -> PagingError:
        return PagingError(f"{self.reader.name}: {public_url(self.reader.url)}: {why}", code=code)
