"""Parse Fireworks' list of serverless models. Written from readers of it: no answer was recorded.

A row is one model in one service tier, with a price per SKU for a million tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

import msgspec

from schemas.quotes import NOT_OFFERED
from schemas.text import replace_unprintable
from schemas.units import COMPARED_WITH
from schemas.unreadable import UNREADABLE
from transforms.parsing.collector import Page, ParsedFeed
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    fields_of,
    number_text,
    text_of,
)
from transforms.parsing.token_lists import MILLION, rows_of

Raw = msgspec.Raw
FEED = "fireworks_list"
UNKNOWN_TIER = "unknown_tier"
"""The reason of a row of a service tier or mode that is not known: it is not the standard price."""
SKUS = {
    "LLM input tokens (uncached)": "input_token",
    "LLM input tokens (cached)": "cached_input_token",
    "LLM output tokens": "output_token",
}
"""SKU → our unit."""
TIERS = frozenset({"flex", "priority", "batch"})
_PLAIN_MODES = frozenset({"standard", "default"})
"""Modes of a row that is called by its id alone."""


class _Price(msgspec.Struct):
    sku: str
    amount: str
    unit: str


def parse_fireworks_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page. Raises FeedMalformed when one has no `data` array."""
    out = PriceListCollector(FEED, inference_provider, id_field="id")
    for page in pages:
        out.read(rows_of(page, feed=FEED), partial(_read, out=out))
    return out.finish()


def _read(location: EntryLocation, *, out: PriceListCollector) -> None:
    row = fields_of(location.raw)
    if row is None:
        out.add(None, location, [])
        return
    # a row with an identifier of its own is another endpoint, billed under that name
    own_name = text_of(row.get("usage_identifier", ABSENT))
    tier = _tier(row, has_own_name=bool(own_name))
    quotes = (
        [Quote(no_price_reason=UNKNOWN_TIER)]
        if tier is None
        else [quote._replace(tier=tier) for quote in _quotes(row.get("pricing", ABSENT))]
    )
    out.add(own_name or text_of(row.get("id", ABSENT)), location, quotes, part=tier or "unknown")


def _tier(row: Mapping[str, Raw], *, has_own_name: bool) -> str | None:
    """Return the tier of a row, None for one that is not known."""
    stated = row.get("service_tier", ABSENT)
    if is_stated(stated):
        name = text_of(stated)
        return name if name in TIERS else None
    mode = row.get("serverless_mode", ABSENT)
    is_plain = has_own_name or not is_stated(mode) or text_of(mode) in _PLAIN_MODES
    return "standard" if is_plain else None


def _quotes(pricing: Raw) -> list[Quote]:
    if not is_stated(pricing):
        return [Quote(no_price_reason="listed_without_price")]
    try:
        prices = msgspec.json.decode(pricing, type=list[_Price])
    except UNREADABLE:
        return [Quote(problem="not_an_array: pricing")]
    if unknown := sorted({price.sku for price in prices} - set(SKUS)):
        return [Quote(problem=f"unknown_key: {replace_unprintable(', '.join(unknown), 80)}")]
    if len({price.sku for price in prices}) < len(prices):
        return [Quote(problem="two_prices: sku")]
    quotes = [_quote(price) for price in prices]
    priced = any(quote.no_price_reason is None for quote in quotes)
    return quotes if priced else [Quote(no_price_reason="listed_without_price")]


def _quote(price: _Price) -> Quote:
    text = number_text(Raw(price.amount.strip().encode()))
    number = None if text is None else decimal_of(Raw(text.encode()))
    unit = SKUS[price.sku]
    quote = Quote(
        native_unit=unit, native_quantity=Decimal(MILLION), formula_text=f"amount of {price.sku}"
    )
    if unit in COMPARED_WITH and number == 0:
        return quote._replace(no_price_reason=NOT_OFFERED)
    if price.unit != "1M tokens":
        return quote._replace(problem=f"unknown_unit: {replace_unprintable(price.unit, 40)}")
    if number is None:
        return quote._replace(problem="not_a_number: amount")
    return quote._replace(raw_text=text)
