"""Parse fal's prices. Written from its documentation: no real answer was ever recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import partial

import msgspec

from schemas.errors import FeedMalformed
from schemas.text import replace_unprintable
from schemas.unknown_keys import mark_of
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.billing_units import read_billing_unit
from transforms.parsing.currencies import read_currency
from transforms.parsing.decode import ABSENT, excerpt, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    fields_of,
    number_text,
    text_of,
)

Raw = msgspec.Raw
FEED = "fal_pricing"
CEILING = (
    "a ceiling: the list states one price with and without audio, and some models charge less "
    "without"
)
"""What a price of a second of video is, unless the id rules audio out: 0.14 stated, 0.112 charged.

No unit and no task of the 565 recorded entries states whether a video has audio.
"""
_WITHOUT_AUDIO = re.compile(
    r"(?:^|[/_-])(?:silent|muted?|(?:no|without)[_-]?audio|audio[_-]off)(?:$|[/_-])", re.IGNORECASE
)
"""What an endpoint's id may state of its videos."""
_KEYS = frozenset({"endpoint_id", "unit_price", "unit", "currency"})


class FalAnswer(msgspec.Struct):
    prices: list[Raw]


class FalEntry(msgspec.Struct):
    endpoint_id: str | None = None
    unit_price: Raw = ABSENT
    unit: Raw = ABSENT
    currency: Raw = ABSENT


def parse_fal_pricing(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse the answers of all calls. Raises FeedMalformed when one has no `prices` array."""
    out = PriceListCollector(FEED, inference_provider, id_field="endpoint_id")
    for page in pages:
        try:
            entries = decode_page(page.body, FalAnswer).prices
        except UNREADABLE as error:
            raise FeedMalformed(
                f"{FEED}: the answer has no `prices` array: {error}", code="wrong_shape"
            ) from error
        located = (
            EntryLocation(page.payload_hash, f"$.prices[{position}]", raw)
            for position, raw in enumerate(entries)
        )
        out.read(located, partial(_read, out=out))
    return out.finish()


def _read(location: EntryLocation, *, out: PriceListCollector) -> None:
    try:
        entry = msgspec.json.decode(location.raw, type=FalEntry)
    except UNREADABLE:
        out.add(None, location, [])
        return
    out.add(entry.endpoint_id, location, [_quote(entry, location.raw)])


def _quote(entry: FalEntry, raw: Raw) -> Quote:
    """Every price here is the asking account's own."""
    currency, no_currency = read_currency(text_of(entry.currency) or "")
    unit_name = text_of(entry.unit)
    if unit_name is None:
        unit_name = excerpt(entry.unit) if is_stated(entry.unit) else ""
    unit = read_billing_unit(unit_name)
    text = number_text(entry.unit_price)
    problem = None
    if (fields := fields_of(raw)) is None:
        problem = "key_twice"
    elif unit is None:
        problem = f"unknown_unit: {replace_unprintable(unit_name, 40)}"
    elif no_currency is not None:
        problem = no_currency
    elif text is None and is_stated(entry.unit_price):
        problem = "not_a_number: unit_price"
    else:
        problem = mark_of(key for key in set(fields) - _KEYS if is_stated(fields[key]))
    return Quote(
        native_unit=unit.native_unit if unit else None,
        raw_text=text,
        native_quantity=unit.quantity if unit else Decimal(1),
        formula_text="unit_price",
        currency=currency,
        scope="account",
        problem=problem,
        no_price_reason="listed_without_price" if problem is None and text is None else None,
        video_caveat=None if _WITHOUT_AUDIO.search(entry.endpoint_id or "") else CEILING,
    )
