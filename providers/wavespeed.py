"""WaveSpeedAI's own list: the one behind the site's pages, in pages of 200 rows, no key.

Its rows state a price per run. What a run of a video or of a sound costs by its length is in the
answer about the single product, at another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from providers.http.response import Response, describe_body, is_json, require_json
from providers.http.urls import public_url
from providers.price_list import PriceListAdapter
from providers.single_ids import SingleIds
from schemas.errors import FeedMalformed, FeedRefused, PagingError
from schemas.payload import Payload
from schemas.unreadable import UNREADABLE, decode_page

PAGE_SIZE = 200
MAX_PAGES = 200
_ID_KEYS = ("model_uuid", "model_id")
_ROW_NAME = re.compile(rb'"(model_uuid|model_id)"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,}]+)')
_EMPTY_ARRAY = re.compile(rb"\[\s*\]")
_BEHIND_THE_END = frozenset({"http_400", "http_404", "http_416", "http_422"})
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)*", re.ASCII)
"""An id that can follow a path as it is."""
_TIMED = re.compile(r"video|audio|speech|music|avatar|talk|[a-z]2v(?![a-z])")
"""What has a length; an image's price is per run in the list itself."""
_DEPTH = 6
_Row = dict[str, Any]


class WaveSpeedAdapter(PriceListAdapter):
    """Read `wavespeed_list`; the JSON around its rows was never recorded, nor how the list ends.

    The adapter looks for the rows' names in the text of a page, only to see whether the page adds
    any. `transforms` parses the rows, and refuses an envelope that it cannot read.
    """

    def get_pricing(self) -> Iterator[Payload]:
        """Yield the pages of the list, then the answers about single products.

        FeedMalformed when a page before the end has no rows, PagingError when there is no end. A
        product without an answer is no error.
        """
        rows: dict[str, _Row] = {}
        number, now = 0, None
        for response in self._walk():
            number += 1
            yield self.reader.payload(response, page=number)  # a bad one is kept as evidence
            require_json(response, feed=self.reader.name)
            self._require_rows(response)
            rows |= _rows_of(response.body)
            now = response.fetched_at
        if now is not None:
            yield from self._products(rows, now=now, first_page=number + 1)

    def _walk(self) -> Iterator[Response]:
        """Yield the pages until one adds no row, or is refused behind a short one.

        A short page alone is no end: a server may send fewer rows than the request asks for.
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
            names = _names_in(response.body)
            adds_nothing = names <= seen if names else short or _is_empty(response.body)
            if page > 1 and adds_nothing and is_json(response):
                return
            short_pages += short  # of the page before, which was not the last
            self.reader.count_short_pages(short_pages)
            yield response
            seen |= names
            short = len(names) < PAGE_SIZE
        raise PagingError(
            f"{self.reader.name}: {public_url(self.reader.url)}: no end after {MAX_PAGES} pages",
            code="paging_endless",
        )

    def _require_rows(self, response: Response) -> None:
        if not _names_in(response.body) and not _is_empty(response.body):
            raise FeedMalformed(
                f"{self.reader.name}: no row with {' or '.join(map(repr, _ID_KEYS))} in the "
                f"answer; {public_url(response.url)} answered {describe_body(response.body)}",
                code="no_rows",
            )

    def _products(
        self, rows: dict[str, _Row], *, now: datetime, first_page: int
    ) -> Iterator[Payload]:
        """Yield the answers about the products that the Hub maps and whose formula is not known."""
        place = self.reader.single_ids()
        if place is None:
            return
        mapped = self.mapped_ids(str(self.feed.inference_provider))
        ids = sorted(
            name for name in mapped if name in rows and _may_have_a_length(name, rows[name])
        )
        yield from SingleIds(self.reader, *place).payloads(
            [name for name in ids if _ID.fullmatch(name)],
            now=now,
            first_page=first_page,
            is_current=lambda name, answer: _states_the_price_of(rows[name], answer),
        )


def _names_in(body: bytes) -> set[bytes]:
    """Return the names of rows in a page; a row with both keys counts once."""
    found = _ROW_NAME.findall(body)
    key = b"model_uuid" if any(key == b"model_uuid" for key, _ in found) else b"model_id"
    return {name for name_key, name in found if name_key == key}


def _is_empty(body: bytes) -> bool:
    return not _ROW_NAME.search(body) and _EMPTY_ARRAY.search(body) is not None


def _rows_of(body: bytes) -> dict[str, _Row]:
    """Return by id the objects of a page that have one, wherever they are."""
    try:
        return dict(_named(decode_page(body, Any), _DEPTH))
    except UNREADABLE:
        return {}


def _named(value: object, depth: int) -> Iterator[tuple[str, _Row]]:
    if depth == 0:
        return
    if isinstance(value, list):
        for part in value:
            yield from _named(part, depth - 1)
    elif isinstance(value, dict):
        name = next((value[key] for key in _ID_KEYS if isinstance(value.get(key), str)), None)
        if name is not None:
            yield name, value
            return
        for part in value.values():
            yield from _named(part, depth - 1)


def _may_have_a_length(name: str, row: _Row) -> bool:
    """Return whether a run of a row without a formula may cost by its length.

    By what its type makes (`text-to-video`), else by its type and id together: `lora-support` is
    the type of images and videos.
    """
    kind = str(row.get("type") or "")
    makes = kind.partition("-to-")[2] or f"{kind} {name}"
    priced = "formula" not in row and row.get("base_price") is not None
    return priced and _TIMED.search(makes) is not None


def _states_the_price_of(row: _Row, answer: Payload) -> bool:
    """Return whether an earlier answer has the price of the row; one without a price may have."""
    try:
        product = msgspec.json.decode(answer.body, type=dict[str, Any]).get("data")
    except UNREADABLE:
        return True
    stated = product.get("base_price") if isinstance(product, dict) else None
    return stated is None or stated == row["base_price"]
