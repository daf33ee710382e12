"""WaveSpeedAI's own list: the one behind the site's pages, in pages of 200 rows, no key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from providers.http.response import describe_body, is_json, require_json
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedMalformed, FeedRefused, PagingError
from schemas.payload import Payload

PAGE_SIZE = 200
MAX_PAGES = 200
_ROW_NAME = re.compile(rb'"model_id"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)')
_EMPTY_ARRAY = re.compile(rb"\[\s*\]")
_BEHIND_THE_END = frozenset({"http_400", "http_404", "http_416", "http_422"})


class WaveSpeedAdapter(PriceListAdapter):
    """Read `wavespeed_list`; the JSON around its rows was never recorded, nor how the list ends.

    The adapter looks for the rows' names in the text of a page, only to see whether the page adds
    any. `transforms` parses the rows, and refuses an envelope that it cannot read.
    """

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages until one adds no row, or is refused behind a short one.

        A short page alone is no end: a server may send fewer rows than the request asks for.
        FeedMalformed when a page before the end has no rows, PagingError when there is no end.
        """
        get, seen, short, short_pages = self.reader.getter(), set[bytes](), False, 0
        for page in range(1, MAX_PAGES + 1):
            params = (("page", str(page)), ("page_size", str(PAGE_SIZE)))
            try:
                response = get(self.reader.url, params=params)
            except FeedRefused as error:
                if short and error.code in _BEHIND_THE_END:
                    return
                raise
            names = set(_ROW_NAME.findall(response.body))
            is_empty = not names and _EMPTY_ARRAY.search(response.body) is not None
            adds_nothing = names <= seen if names else short or is_empty
            if page > 1 and adds_nothing and is_json(response):
                return
            short_pages += short  # of the page before, which was not the last
            self.reader.count_short_pages(short_pages)
            yield self.reader.payload(response, page=page)  # a bad one is kept as evidence
            require_json(response, feed=self.reader.name)
            if not names and not is_empty:
                raise FeedMalformed(
                    f"{self.reader.name}: no row with 'model_id' in the answer; "
                    f"{public_url(response.url)} answered {describe_body(response.body)}",
                    code="no_rows",
                )
            seen |= names
            short = len(names) < PAGE_SIZE
        raise PagingError(
            f"{self.reader.name}: {public_url(self.reader.url)}: no end after {MAX_PAGES} pages",
            code="paging_endless",
        )
