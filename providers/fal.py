"""fal's prices, for the endpoints that the request names and for the account that owns the key.

Written from fal's documentation; no real response was ever recorded (`shape` in the registry).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from providers.http.pagination import Get
from providers.http.response import Response, require_object
from providers.http.transport import Params
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedMalformed, FeedRefused, PagingError
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE, decode_page

IDS_PER_CALL = 50
MAX_PAGES_PER_CALL = 50
_MAY_BE_UNKNOWN_ID = frozenset({"http_400", "http_404", "http_422"})
"""Refusals that may be about one id of a call; halving the call finds the ids that fal knows."""


class _NextPage(msgspec.Struct):
    next_cursor: str | None = None
    has_more: bool | None = None
    prices: msgspec.Raw = msgspec.Raw()

    @property
    def is_empty(self) -> bool:
        """Whether the page has an empty array of prices, however it is spaced."""
        return bytes(self.prices).split() in ([b"[]"], [b"[", b"]"])


class FalAdapter(PriceListAdapter):
    """Read `fal_pricing`: it cannot be listed, so the ids that the Hub maps are requested."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the responses for all mapped ids, at most 50 ids a call.

        FeedRefused when fal refuses every one of them, PagingError when a cursor leads nowhere.
        """
        mapped = self.mapped_ids(str(self.feed.inference_provider))
        ids = [name for name in mapped if "," not in name]  # a comma would make two ids of it
        get, page = self.reader.getter(), 0
        refusal: FeedRefused | None = None
        calls = [ids[at : at + IDS_PER_CALL] for at in range(0, len(ids), IDS_PER_CALL)]
        while calls:
            batch = calls.pop(0)
            try:
                for response in self._walk(get, batch):
                    page += 1
                    yield self.reader.payload(response, page=page)
                    require_object(response, feed=self.reader.name)
            except FeedRefused as error:
                if error.code not in _MAY_BE_UNKNOWN_ID:
                    raise
                refusal = error
                if (half := len(batch) // 2) > 0:
                    calls = [batch[:half], batch[half:], *calls]
        if page == 0 and refusal is not None:
            raise refusal

    def _walk(self, get: Get, ids: Sequence[str]) -> Iterator[Response]:
        """Yield the pages for these ids, as far as their cursors lead."""
        cursors = set[str]()
        of_ids: Params = (("endpoint_id", ",".join(ids)),)
        params = of_ids
        for _ in range(MAX_PAGES_PER_CALL):
            response = get(self.reader.url, params=params)
            yield response
            try:
                page = decode_page(response.body, _NextPage)
            except UNREADABLE:
                why = f"{self.reader.name}: the answer's cursor is no text"
                raise FeedMalformed(why, code="wrong_shape") from None
            if not page.has_more:
                return
            if not page.next_cursor or page.is_empty:
                why = "an empty page" if page.next_cursor else "a page without a cursor"
                raise self._paging_error(
                    f"{why} has more behind it, so prices are missing", code="paging_hole"
                )
            if page.next_cursor in cursors:
                raise self._paging_error("a cursor leads back to itself", code="paging_loop")
            cursors.add(page.next_cursor)
            params = (*of_ids, ("cursor", page.next_cursor))
        raise self._paging_error(f"no end after {MAX_PAGES_PER_CALL} pages", code="paging_endless")

    def _paging_error(self, why: str, *, code: str) -> PagingError:
        return PagingError(f"{self.reader.name}: {public_url(self.reader.url)}: {why}", code=code)
