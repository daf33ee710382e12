"""llm-prices: prices of tokens per million, those of now and with the days of each.

Source of the shape: README.md and `scripts/build.py` in the repository simonw/llm-prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from marketplace.formats.encoding import Origin, array, encode, number
from marketplace.formats.price_sets import Amounts, by_day
from marketplace.formats.routes import Route
from marketplace.formats.tiers import context_tiers, is_expressible, of_tier, per_million

_UNITS = ("input_token", "output_token")


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield every known price with its days: `from_date` inclusive, `to_date` exclusive, in UTC.

    The price of a day is the one at its end.
    """
    yield from _file(_dated(routes), origin)


def write_current(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the prices of now."""
    prices = (
        price
        for route in routes
        if is_expressible(route.amounts, _UNITS)
        for price in _prices(route, route.amounts)
    )
    yield from _file(prices, origin)


def _file(prices: Iterable[dict[str, Any]], origin: Origin) -> Iterator[bytes]:
    head = {
        "updated_at": origin.day,
        "publication": origin.publication_id,
        "origin": origin.origin,
        "attribution": origin.attribution,
    }
    yield encode(head)[:-1] + b', "prices": '
    yield from array(prices)
    yield b"}\n"


def _dated(routes: Iterable[Route]) -> Iterator[dict[str, Any]]:
    for route in routes:
        for day in reversed(by_day(route.sets)):  # the most recent first, as theirs
            if is_expressible(day.amounts, _UNITS):
                until = day.until.isoformat() if day.until else None
                for price in _prices(route, day.amounts):
                    yield {**price, "from_date": day.first.isoformat(), "to_date": until}


def _prices(route: Route, amounts: Amounts) -> Iterator[dict[str, Any]]:
    """Yield the price, and one for each size of prompt that has a price of its own."""
    standard = of_tier(amounts)
    tiers = [("", standard)]
    for size, stated in context_tiers(amounts).items():
        tiers.append((f">{size}", {**standard, **stated}))
    for suffix, prices in tiers:
        inputs = per_million(prices, "input_token")
        outputs = per_million(prices, "output_token")
        cached = per_million(prices, "cached_input_token")
        if inputs is None or outputs is None:
            continue
        yield {
            "id": route.name + suffix,
            "vendor": route.provider,
            "name": f"{route.model_id} ({route.provider_name}){' ' * bool(suffix)}{suffix}",
            "input": number(inputs),
            "output": number(outputs),
            "input_cached": None if cached is None else number(cached),
        }
