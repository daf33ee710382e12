"""fal's prices, for the endpoints that the request names and for the account that owns the key.

Written from fal's documentation; no real response was ever recorded (`shape` in the registry).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence

import msgspec

from providers.feed_reader import FeedReader
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
MAX_REFUSALS_IN_VAIN = 50
"""After so many refusals and not one answer, fal refuses something else than an id."""
_MAY_BE_UNKNOWN_ID = frozenset({"http_400", "http_404", "http_422"})
"""Refusals of a whole call that may be about one id of it."""
_PART = re.compile(r"[^\s\"'`,;=()\[\]{}<>]+")


class _NextPage(msgspec.Struct):
    next_cursor: str | None = None
    has_more: bool | None = None
    prices: msgspec.Raw = msgspec.Raw()

    @property
    def is_empty(self) -> bool:
        """Whether the page has an empty array of prices, however it is spaced."""
        return bytes(self.prices).split() in ([b"[]"], [b"[", b"]"])


class FalAdapter(PriceListAdapter):
    """Read `fal_pricing`: it cannot be listed, so the ids that the Hub maps are requested.

    fal refuses a call that has one unknown id. Its refusal may name it; else the ids are halved.
    One unknown id of 50 costs at most ceil(log2(50)) + 1 = 7 calls more, the fewest that find it
    and ask all others again; n of them cost at most 8 n calls in all, and two each if the refusals
    name them. The manifest of the feed keeps them, and they are left out for a day.
    """

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the responses for all mapped ids, at most 50 ids a call.

        FeedRefused when fal refuses every one of them, PagingError when a cursor leads nowhere.
        """
        mapped = self.mapped_ids(str(self.feed.inference_provider))
        left_out = self.unknown_ids(self.reader.name)
        # a comma would make two ids of one
        waiting = deque(name for name in mapped if "," not in name and name not in left_out)
        calls = _Calls(self.reader)
        refused: list[str] = []
        while waiting or refused:
            if not refused:
                refused = [waiting.popleft() for _ in range(min(IDS_PER_CALL, len(waiting)))]
                if (yield from calls.answered(refused)):
                    refused = []
                    continue
            refused = yield from _find_unknown(calls, refused, waiting)
            calls.require_answers()
        calls.require_answers(at_end=True)


class _Calls:
    """The calls of one run, their pages counted, and the ids that fal turned out not to know."""

    def __init__(self, reader: FeedReader) -> None:
        self._reader = reader
        self._get = reader.getter()
        self._pages = 0
        self._refusals = 0
        self._refusal: FeedRefused | None = None
        self._unknown: list[str] = []

    def answered(self, ids: Sequence[str]) -> Generator[Payload, None, bool]:
        """Yield the pages for these ids; return False when fal refuses the call."""
        try:
            for response in _walk(self._reader, self._get, ids):
                self._pages += 1
                yield self._reader.payload(response, page=self._pages)
                require_object(response, feed=self._reader.name)
        except FeedRefused as error:
            if error.code not in _MAY_BE_UNKNOWN_ID:
                raise
            self._refusals += 1
            self._refusal = error
            return False
        return True

    def named(self, ids: Sequence[str]) -> list[str]:
        """Return the ids that the last refusal names."""
        named = {part.rstrip(".:!?") for part in _PART.findall(str(self._refusal))}
        return [name for name in ids if name in named]

    def note_unknown(self, name: str) -> None:
        """Note an id that fal does not know."""
        self._unknown.append(name)

    def require_answers(self, *, at_end: bool = False) -> None:
        """Raise the last refusal when fal answered nothing so far; else keep the unknown ids."""
        if self._pages:
            self._reader.note_unknown_ids(self._unknown)
        elif self._refusal is not None and (at_end or self._refusals >= MAX_REFUSALS_IN_VAIN):
            raise self._refusal


def _find_unknown(
    calls: _Calls, refused: list[str], waiting: deque[str]
) -> Generator[Payload, None, list[str]]:
    """Find one id that fal does not know among ids that it refused together.

    Ids that were not asked again go to `waiting`, to be asked with others. Returned are ids that
    are known to hold another unknown one.
    """
    rest, suspects = list[str](), list[str]()
    while len(refused) > 2:
        queried, others = _split(refused, calls.named(refused))
        if (yield from calls.answered(queried)):
            refused = others
        elif len(others) == 1:  # it was named, and another refusal followed
            refused, suspects = queried, [*suspects, *others]
        else:
            refused, rest = queried, [*others, *rest]
    for name in suspects:
        if not (yield from calls.answered([name])):
            calls.note_unknown(name)
    if len(refused) == 1:
        waiting.extend(rest)
        calls.note_unknown(refused[0])
        return []
    (first,), (second,) = _split(refused, calls.named(refused))
    # the last question carries what was not asked again, so that one unknown id ends here
    if (yield from calls.answered([first, *rest])):
        calls.note_unknown(second)
        return []
    if not rest:
        calls.note_unknown(first)
        waiting.append(second)
        return []
    if (yield from calls.answered([second, *rest])):
        calls.note_unknown(first)
        return []
    if (yield from calls.answered([first])):
        calls.note_unknown(second)
        return rest
    calls.note_unknown(first)
    return [second, *rest]


def _split(refused: list[str], named: list[str]) -> tuple[list[str], list[str]]:
    """Split ids into those to ask and the others: the named one, else the second half."""
    if len(named) == 1:
        return [name for name in refused if name not in named], named
    half = len(refused) // 2
    return refused[:half], refused[half:]


def _walk(reader: FeedReader, get: Get, ids: Sequence[str]) -> Iterator[Response]:
    """Yield the pages for these ids, as far as their cursors lead."""
    cursors = set[str]()
    of_ids: Params = (("endpoint_id", ",".join(ids)),)
    params = of_ids
    for _ in range(MAX_PAGES_PER_CALL):
        response = get(reader.url, params=params)
        yield response
        try:
            page = decode_page(response.body, _NextPage)
        except UNREADABLE:
            why = f"{reader.name}: the answer's cursor is no text"
            raise FeedMalformed(why, code="wrong_shape") from None
        if not page.has_more:
            return
        if not page.next_cursor or page.is_empty:
            why = "an empty page" if page.next_cursor else "a page without a cursor"
            why = f"{why} has more behind it, so prices are missing"
            raise _paging_error(reader, why, code="paging_hole")
        if page.next_cursor in cursors:
            raise _paging_error(reader, "a cursor leads back to itself", code="paging_loop")
        cursors.add(page.next_cursor)
        params = (*of_ids, ("cursor", page.next_cursor))
    raise _paging_error(reader, f"no end after {MAX_PAGES_PER_CALL} pages", code="paging_endless")


def _paging_error(reader: FeedReader, why: str, *, code: str) -> PagingError:
    return PagingError(f"{reader.name}: {public_url(reader.url)}: {why}", code=code)
