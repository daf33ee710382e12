"""Price tokens above each context length by what the texts of DeepInfra's list state."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import msgspec

from schemas.amounts import MILLION
from schemas.units import STANDARD
from transforms.parsing.deepinfra_texts import are_written, price_texts, quote_of_text
from transforms.parsing.price_sentences import normalize
from transforms.parsing.quotes import Quote, stated_rates, undiscounted
from transforms.parsing.sentence_agreement import states_other_figures
from transforms.parsing.tier_sentences import ContextBand, read_contexts, read_rates_of_tokens

Raw = msgspec.Raw
_CACHED = "cached_input_token"
_NOISE = Decimal("1e-9")
"""By what share a float's noise may move a number."""


def context_quotes(pricing: Mapping[str, Raw], main: list[Quote]) -> list[Quote] | None:
    """Return the prices above each context length that the texts state, as further tiers.

    `main` are the quotes of the standard tier. None where the first band is not what they state, or
    a text states anything else. A cached price that is not its input price times the rate of the
    numbers is left out.
    """
    rates = stated_rates(main)
    quotes: list[Quote] = []
    for key, text in price_texts(pricing):
        bands = read_contexts(text)
        if bands is None and not states_other_figures(normalize(text), rates):
            continue
        if bands is None or quotes:
            return None
        if not are_written((f for b in bands for f in b.figures.values()), pricing[key]):
            return None
        quotes = _band_quotes(key, bands, main)
        if not quotes:
            return None
    return quotes or None


def with_cached(pricing: Mapping[str, Raw], quotes: list[Quote]) -> list[Quote]:
    """Return the quotes with the cached price that a text states where no rate does.

    The texts repeat the other numbers, before a discount or after it. Where the rate states that
    there is none to buy, the answers differ, and nothing is stated.
    """
    if any(q.native_unit == _CACHED and q.no_price_reason is None for q in quotes):
        return quotes
    found = [
        quote
        for key, text in price_texts(pricing)
        if (band := read_rates_of_tokens(text)) is not None and _CACHED in band.figures
        if are_written(band.figures.values(), pricing[key])
        if (quote := _cached_beside(key, band, quotes)) is not None
    ]
    if not found:
        return quotes
    kept = [quote for quote in quotes if quote.native_unit != _CACHED]
    amounts = {rate.amount for rate in stated_rates(found)}
    return [*kept, found[0]] if kept == quotes and len(amounts) == 1 else kept


def _cached_beside(key: str, band: ContextBand, main: list[Quote]) -> Quote | None:
    """Return the cached price of a sentence whose input price is that of the quotes."""
    cached, stated = _of_band(key, band, _CACHED, STANDARD), Decimal(band.figures["input_token"])
    for quote in main:
        if (quote.native_unit, quote.tier) != ("input_token", STANDARD):
            continue
        before, after = undiscounted([quote]), [quote]
        if any(_equal(stated, rate.amount * MILLION) for rate in stated_rates(before)):
            return cached._replace(discount=quote.discount, until=quote.until)
        if any(_equal(stated, rate.amount * MILLION) for rate in stated_rates(after)):
            return cached._replace(until=quote.until)
    return None


def _band_quotes(key: str, bands: list[ContextBand], main: list[Quote]) -> list[Quote]:
    """Return the prices of the bands after the first; none where the first differs from `main`."""
    numbers = {rate.native_unit: rate.amount * MILLION for rate in stated_rates(main)}
    offered = {quote.native_unit for quote in main if quote.no_price_reason is None}
    first = bands[0].figures
    known = {unit: figure for unit, figure in first.items() if unit in numbers}
    if not {"input_token", "output_token"} <= set(known) or not all(
        numbers[unit] > 0 and _equal(Decimal(figure), numbers[unit])
        for unit, figure in known.items()
    ):
        return []
    if _CACHED in first and _CACHED not in numbers:
        if any(quote.native_unit == _CACHED for quote in main):
            return []  # the numbers state that there is none
        quotes = [_of_band(key, bands[0], _CACHED, STANDARD)]
    else:
        quotes = []
    share = numbers[_CACHED] / numbers["input_token"] if _CACHED in offered else None
    for below, band in pairwise(bands):
        for unit, figure in band.figures.items():
            wanted = Decimal(band.figures["input_token"]) * share if share is not None else None
            if unit != _CACHED or wanted is None or _equal(Decimal(figure), wanted):
                quotes.append(_of_band(key, band, unit, f"context>{below.limit}"))
    return quotes


def _of_band(key: str, band: ContextBand, unit: str, tier: str) -> Quote:
    quote = quote_of_text(key, band.part, band.figures[unit])
    return quote._replace(native_unit=unit, native_quantity=MILLION, tier=tier)


def _equal(figure: Decimal, number: Decimal) -> bool:
    """Return whether two amounts are equal but for a float's noise."""
    return abs(figure - number) <= number * _NOISE
