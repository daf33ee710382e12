"""fal's prices: of the endpoints that one names, for the account whose key asks.

Written from fal's documentation; no real answer was ever recorded (`shape` in the registry).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from providers.http.pagination import Get
from providers.http.response import Answer, require_object
from providers.http.transport import Params
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from schemas.errors import FeedRefused, PagingError
from schemas.payload import Payload

IDS_PER_CALL = 50
MAX_PAGES_PER_CALL = 50
_NOT_ALL_KNOWN = frozenset({"http_400", "http_404", "http_422"})
"""Refusals that may be about one id of a call: the others are then asked without it."""


class _Cursor(msgspec.Struct):
    next_cursor: str | None = None
    has_more: bool | None = None


class FalAdapter(PriceListAdapter):
    """Read `fal_pricing`: nobody can list it, so only ids that the Hub maps are asked for."""

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the answers for all mapped ids, at most 50 ids a call.

        FeedRefused when fal refuses every one of them, PagingError when a cursor leads nowhere.
        """
        mapped = self.mapped_ids(str(self.feed.inference_provider))
        ids = [name for name in mapped if "," not in name]  # a comma would make two ids of it
        get, page = self.getter(), 0
        refusal: FeedRefused | None = None
        waiting = [ids[at : at + IDS_PER_CALL] for at in range(0, len(ids), IDS_PER_CALL)]
        while waiting:
            asked = waiting.pop(0)
            try:
                for answer in self._walk(get, asked):
                    page += 1
                    yield self.payload(answer, page=page)
                    require_object(answer, feed=self.feed.feed)
            except FeedRefused as error:
                if error.code not in _NOT_ALL_KNOWN:
                    raise
                refusal = error
                if (half := len(asked) // 2) > 0:
                    waiting = [asked[:half], asked[half:], *waiting]
        if page == 0 and refusal is not None:
            raise refusal

    def _walk(self, get: Get, ids: Sequence[str]) -> Iterator[Answer]:
        """Yield the pages for these ids, as far as their cursors lead."""
        cursors = set[str]()
        asked = (("endpoint_id", ",".join(ids)),)
        params: Params = asked
        for _ in range(MAX_PAGES_PER_CALL):
            answer = get(self.url, params=params)
            yield answer
            told = msgspec.json.decode(answer.body, type=_Cursor)
            if not told.has_more or not told.next_cursor:
                return
            if told.next_cursor in cursors:
                raise PagingError(
                    f"{self.feed.feed}: {public_url(self.url)}: a cursor leads back to itself",
                    code="paging_loop",
                )
            cursors.add(told.next_cursor)
            params = (*asked, ("cursor", told.next_cursor))
        raise PagingError(
            f"{self.feed.feed}: {public_url(self.url)}: no end after {MAX_PAGES_PER_CALL} pages",
            code="paging_endless",
        )
