"""Price what DeepInfra's list states as multipliers: cached tokens, cache writes, service tiers.

A rate of null or 0 means that there is none to buy; a key that is absent states nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.quotes import NOT_OFFERED
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.quotes import Quote, decimal_of, fields_of, number_text

Raw = msgspec.Raw
CACHED = "rate_per_input_token_cached"
CACHE_WRITE = "rate_per_input_token_cache_write"
EXPLICIT_WRITE = "rate_per_explicit_cache_write_token"
TIERS = {"rate_per_service_tier_flex": "flex", "rate_per_service_tier_priority": "priority"}
"""Key of a service tier → the tier, whose rate multiplies every price of a token."""
RATE_KEYS = frozenset({CACHED, CACHE_WRITE, EXPLICIT_WRITE, *TIERS})
_PLACES = 16
"""Decimal places of a rate whose cents QUOTES can hold; what lies below is a float's noise."""
_LEAST, _MOST = Decimal("0.001"), Decimal(10)
"""A rate outside is a price in another unit, or a mistake, and no multiplier."""
_RETENTION = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Rate(NamedTuple):
    """A multiplier with its place in the price object; without a value there is a problem."""

    place: str
    value: Decimal = Decimal(1)
    text: str = "?"
    problem: str | None = None
    note: str = ""


def rate_quotes(pricing: Mapping[str, Raw], main: list[Quote]) -> list[Quote]:
    """Return the prices that the rates of a price object make of its main ones."""
    standard = [
        additional
        for quote in main
        if quote.native_unit == "input_token"
        for unit, rate in (
            ("cached_input_token", _find(pricing, CACHED, most=Decimal(1))),
            ("cache_write_token", _find_write(pricing)),
        )
        for additional in _quotes(unit, quote, rate)
    ]
    return [
        *standard,
        *(
            quote
            for key, tier in TIERS.items()
            if (rate := _find(pricing, key)) is not None
            for quote in _of_tier(tier, rate, main, standard)
        ),
    ]


def _quotes(unit: str, priced: Quote, rate: Rate | None) -> Iterator[Quote]:
    """Yield the price of an additional unit: the input price times its rate."""
    if rate is None:
        return
    if not rate.place:
        yield Quote(native_unit=unit, no_price_reason=NOT_OFFERED)
    else:
        yield _multiplied(priced, rate)._replace(native_unit=unit)


def _of_tier(tier: str, rate: Rate, main: list[Quote], additional: list[Quote]) -> Iterator[Quote]:
    """Yield every price of a token in a service tier, or that its main units are not offered."""
    for quote in [*main, *additional] if rate.place else main:
        if not rate.place:
            yield Quote(native_unit=quote.native_unit, tier=tier, no_price_reason=NOT_OFFERED)
        elif quote.no_price_reason is None:
            yield _multiplied(quote, rate)._replace(tier=tier)


def _multiplied(quote: Quote, rate: Rate) -> Quote:
    """Return a price times a rate."""
    return quote._replace(
        factor=round(quote.factor * rate.value, _PLACES + 2),
        formula_text=f"{quote.formula_text} * {rate.text}{rate.note}",
        derived=True,
        problem=rate.problem or quote.problem,
    )


_NOT_OFFERED_RATE = Rate("")


def _find(pricing: Mapping[str, Raw], key: str, *, most: Decimal = _MOST) -> Rate | None:
    """Return the rate under a key: None where it is absent, one without a place where it is 0."""
    if key not in pricing:
        return None
    return _read(key, pricing[key], most)


def _read(place: str, stated: Raw, most: Decimal) -> Rate:
    number = decimal_of(stated)
    if not is_stated(stated) or number == 0:
        return _NOT_OFFERED_RATE
    if number is None or not _LEAST <= number <= most:
        return Rate(place, problem=f"not_a_number: {place}")
    return Rate(place, round(number, _PLACES), number_text(stated) or "?")


def _find_write(pricing: Mapping[str, Raw]) -> Rate | None:
    """Return the rate of a cache write.

    What every request pays comes before what is only paid for an explicit retention. Of several
    retentions the shortest one counts: a longer one costs more.
    """
    implicit = _find(pricing, CACHE_WRITE)
    if implicit is not None and implicit.place:
        return implicit
    if not is_stated(pricing.get(EXPLICIT_WRITE, ABSENT)):
        return implicit if EXPLICIT_WRITE not in pricing else _NOT_OFFERED_RATE
    stated = pricing[EXPLICIT_WRITE]
    retentions = fields_of(stated)
    if retentions is None:
        return _read(EXPLICIT_WRITE, stated, _MOST)
    return _shortest(retentions)


def _shortest(retentions: Mapping[str, Raw]) -> Rate:
    """Return the rate of the shortest retention, of an object like `{"5m": 1.25, "1h": 2.0}`."""
    found: list[tuple[int, Rate]] = []
    for name, stated in retentions.items():
        match = _RETENTION.fullmatch(name)
        if match is None:
            return Rate(EXPLICIT_WRITE, problem=f"not_a_number: {EXPLICIT_WRITE}")
        rate = _read(f"{EXPLICIT_WRITE}.{name}", stated, _MOST)
        if rate.place:
            note = f" ({name})" if len(retentions) > 1 else ""
            found.append((int(match[1]) * _SECONDS[match[2]], rate._replace(note=note)))
    if not found:
        return _NOT_OFFERED_RATE
    return min(found, key=lambda pair: pair[0])[1]
