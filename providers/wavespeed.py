"""WaveSpeedAI's own list: the one behind the site's pages, in pages of 200 rows, no key."""

from __future__ import annotations

from collections.abc import Iterator

from providers.http.response import explain_body
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.envelope import rows_in
from schemas.errors import FeedMalformed, FeedRefused, PagingError
from schemas.payload import Payload

PAGE_SIZE = 200
MAX_PAGES = 200
ROW_KEY = "model_id"
_BEHIND_THE_END = frozenset({"http_400", "http_404", "http_416", "http_422"})


class WaveSpeedAdapter(PriceListAdapter):
    """Read `wavespeed_list`. What stands around its rows was never recorded, nor how it ends."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages until one brings no new row, is refused behind a short one, or is empty.

        A short page alone is no end: a server may give fewer rows than it was asked for.
        FeedMalformed when a page has no one array of rows, PagingError when there is no end.
        """
        get, seen, short = self.getter(), set[bytes](), False
        for page in range(1, MAX_PAGES + 1):
            try:
                answer = get(self.url, params=(("page", str(page)), ("page_size", str(PAGE_SIZE))))
            except FeedRefused as error:
                if short and error.code in _BEHIND_THE_END:
                    return
                raise
            try:
                told = rows_in(answer.body, key=ROW_KEY, feed=self.feed.feed)
            except FeedMalformed as error:
                if short and error.code == "no_rows":
                    return
                yield self.payload(answer, page=page)  # kept as evidence
                said = f"{error}; {public_url(answer.url)} answered {explain_body(answer.body)}"
                raise FeedMalformed(said, code=error.code) from None
            rows = {bytes(row.raw) for row in told}
            if page > 1 and rows <= seen:
                return
            yield self.payload(answer, page=page)
            seen |= rows
            short = len(rows) < PAGE_SIZE
        raise PagingError(
            f"{self.feed.feed}: {public_url(self.url)}: no end after {MAX_PAGES} pages",
            code="paging_endless",
        )
