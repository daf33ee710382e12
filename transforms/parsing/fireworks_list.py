"""Parse Fireworks' list of serverless models. Written from readers of it: no answer was recorded.

A row is one model in one service tier, with a price per SKU for a million tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

import msgspec

from schemas.text import replace_unprintable
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
SKUS = {
    "LLM input tokens (uncached)": "input_token",
    "LLM input tokens (cached)": "cached_input_token",
    "LLM output tokens": "output_token",
}
"""SKU → our unit."""
TIERS = frozenset({"flex", "priority", "batch"})


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
    tier = _tier(row)
    quotes = [
        quote._replace(tier=tier or "standard", problem=quote.problem or _tier_problem(tier, row))
        for quote in _quotes(row.get("pricing", ABSENT))
    ]
    out.add(own_name or text_of(row.get("id", ABSENT)), location, quotes, part=tier or "unknown")


def _tier(row: Mapping[str, Raw]) -> str | None:
    """Return the tier of a row, None for one that is not known."""
    stated = row.get("service_tier", ABSENT)
    if not is_stated(stated):
        return "standard"
    name = text_of(stated)
    return name if name in TIERS else None


def _tier_problem(tier: str | None, row: Mapping[str, Raw]) -> str | None:
    if tier is not None:
        return None
    stated = bytes(row["service_tier"]).decode("utf-8", "replace").strip('"')
    return f"unknown_tier: {replace_unprintable(stated, 40)}"


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
    quotes = [_quote(price) for price in prices if not _is_placeholder(price)]
    return quotes or [Quote(no_price_reason="listed_without_price")]


def _quote(price: _Price) -> Quote:
    text = number_text(Raw(price.amount.encode()))
    problem = None if price.unit == "1M tokens" else f"unknown_unit: {price.unit[:40]}"
    return Quote(
        native_unit=SKUS[price.sku],
        raw_text=text,
        native_quantity=Decimal(MILLION),
        formula_text="amount",
        problem=problem or ("not_a_number: amount" if text is None else None),
    )


def _is_placeholder(price: _Price) -> bool:
    """Return whether a cached rate is 0, which states no price."""
    cached = SKUS[price.sku] == "cached_input_token"
    return cached and decimal_of(Raw(price.amount.encode())) == 0
