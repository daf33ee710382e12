"""Parse Fireworks' list of serverless models. Written from readers of it: no answer was recorded.

A row is one model in one service tier, with a price per SKU for a million tokens.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import msgspec

from schemas.amounts import MILLION
from schemas.quotes import NOT_OFFERED
from schemas.text import replace_unprintable
from schemas.units import COMPARED_WITH, STANDARD
from schemas.unknown_keys import mark_of
from schemas.unreadable import UNREADABLE
from transforms.parsing.currencies import read_currency
from transforms.parsing.data_rows import Row, parse_data_rows
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    number_text,
    text_of,
)

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
_PLAIN = frozenset({"standard", "default"})
"""Service tiers and modes of a row that is called by its id alone."""
_UNIT = "1M tokens"


class _Price(msgspec.Struct):
    sku: str
    amount: Raw
    unit: str
    currency: str = "USD"


_KEYS = frozenset(_Price.__struct_fields__)


def parse_fireworks_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page. Raises FeedMalformed when one has no `data` array."""
    out = PriceListCollector(FEED, inference_provider, id_field="id")
    return parse_data_rows(pages, out, partial(_add, out=out))


def _add(row: Row, location: EntryLocation, *, out: PriceListCollector) -> None:
    # a row with an identifier of its own is another endpoint, billed under that name
    own_name = text_of(row.get("usage_identifier", ABSENT))
    tier = _tier(row, has_own_name=bool(own_name))
    quotes = (
        [Quote(no_price_reason=UNKNOWN_TIER)]
        if tier is None
        else [quote._replace(tier=tier) for quote in _quotes(row.get("pricing", ABSENT))]
    )
    out.add(own_name or text_of(row.get("id", ABSENT)), location, quotes, part=tier or "unknown")


def _tier(row: Row, *, has_own_name: bool) -> str | None:
    """Return the tier of a row, None for one that is not known.

    A mode that only a parameter selects has prices of its own, in every tier.
    """
    if not has_own_name and _name(row, "serverless_mode") not in _PLAIN:
        return None
    tier = _name(row, "service_tier")
    if tier in _PLAIN:
        return STANDARD
    return tier if tier in TIERS else None


def _name(row: Row, key: str) -> str | None:
    """Return the text under a key, `default` where there is none, None for another value."""
    stated = row.get(key, ABSENT)
    name = text_of(stated) if is_stated(stated) else ""
    return "default" if name == "" else name


def _quotes(pricing: Raw) -> list[Quote]:
    if not is_stated(pricing):
        return [Quote(no_price_reason="listed_without_price")]
    try:
        prices = msgspec.json.decode(pricing, type=list[_Price])
        members = msgspec.json.decode(pricing, type=list[dict[str, Raw]])
    except UNREADABLE:
        return [Quote(problem="not_an_array: pricing")]
    if unknown := sorted({price.sku for price in prices} - set(SKUS)):
        return [Quote(problem=f"unknown_key: {replace_unprintable(', '.join(unknown), 80)}")]
    if len({price.sku for price in prices}) < len(prices):
        return [Quote(problem="two_prices: sku")]
    # a key of one price, like a discount, may change what all of them mean
    mark = mark_of({key for each in members for key in each if is_stated(each[key])} - _KEYS)
    quotes = [_quote(price, mark) for price in prices]
    priced = any(quote.no_price_reason is None for quote in quotes)
    return quotes if priced else [Quote(no_price_reason="listed_without_price")]


def _quote(price: _Price, mark: str | None) -> Quote:
    written = number_text(price.amount) or (text_of(price.amount) or "").strip()
    text = number_text(Raw(written.encode()))
    number = None if text is None else decimal_of(Raw(text.encode()))
    unit, (currency, no_currency) = SKUS[price.sku], read_currency(price.currency)
    quote = Quote(native_unit=unit, native_quantity=MILLION, formula_text=f"amount of {price.sku}")
    if unit in COMPARED_WITH and number == 0:
        return quote._replace(no_price_reason=NOT_OFFERED)
    if price.unit != _UNIT:
        return quote._replace(problem=f"unknown_unit: {replace_unprintable(price.unit, 40)}")
    if no_currency is not None:
        return quote._replace(currency=currency, problem=no_currency)
    if number is None:
        return quote._replace(problem="not_a_number: amount")
    return quote._replace(raw_text=text, currency=currency, problem=mark)
