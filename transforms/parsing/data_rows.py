"""Parse a price list whose answer is an object with an array `data`, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from schemas.errors import FeedMalformed
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import PriceListCollector, fields_of

Row = Mapping[str, msgspec.Raw]
AddRow = Callable[[Row, EntryLocation], None]
"""Adds the prices of one row to the collector."""


class _DataAnswer(msgspec.Struct):
    data: list[msgspec.Raw]


def parse_data_rows(pages: Iterable[Page], out: PriceListCollector, add_row: AddRow) -> ParsedFeed:
    """Parse every page into `out`; a row that is no object is rejected.

    Raises FeedMalformed when a page has no `data` array.
    """

    def read(location: EntryLocation) -> None:
        row = fields_of(location.raw)
        if row is None:
            out.add(None, location, [])
        else:
            add_row(row, location)

    for page in pages:
        out.read(_rows_of(page, feed=out.feed), read)
    return out.finish()


def _rows_of(page: Page, *, feed: str) -> list[EntryLocation]:
    try:
        rows = decode_page(page.body, _DataAnswer).data
    except UNREADABLE as error:
        raise FeedMalformed(
            f"{feed}: the answer has no `data` array: {error}", code="wrong_shape"
        ) from error
    return [
        EntryLocation(page.payload_hash, f"$.data[{position}]", raw)
        for position, raw in enumerate(rows)
    ]
