"""Read the rates per token that a row of a price list states, each under a key of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from schemas.text import replace_unprintable
from schemas.unknown_keys import mark_of
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.quotes import Quote, decimal_of, fields_of, number_text, text_of

Raw = msgspec.Raw
_MAY_BE_ZERO = frozenset({"cached_input_token", "cache_write_token"})
"""Units whose 0 states no price: lists fill the key also where the provider has no cache."""


@dataclass(frozen=True)
class TokenRates:
    """Which keys of a price object are rates per token.

    `units` maps a key to our unit, `quantity` is the count of tokens that a rate is for. `ignored`
    are keys that state no rate per token, like a currency. `nested` is the key of the number where
    each rate is an object. `currency_key` names the currency; without one it is USD.
    """

    units: Mapping[str, str]
    quantity: int = 1
    ignored: frozenset[str] = frozenset()
    nested: str | None = None
    currency_key: str | None = None


def read_rates(pricing: Raw, rates: TokenRates, *, tier: str = "standard") -> list[Quote]:
    """Return one quote per rate of a price object, or why it states none."""
    if not is_stated(pricing):
        return [Quote(no_price_reason="listed_without_price", tier=tier)]
    members = fields_of(pricing)
    if members is None:
        return [Quote(problem="not_an_object: pricing", tier=tier)]
    currency, problem = _currency(members, rates)
    problem = problem or _unknown(members, rates)
    quotes = [
        _quote(key, members[key], rates, problem)._replace(tier=tier, currency=currency)
        for key in rates.units
        if is_stated(members.get(key, ABSENT))
    ]
    stated = [quote for quote in quotes if not _is_placeholder(quote)]
    if stated:
        return stated
    if problem is not None:
        return [Quote(problem=problem, tier=tier)]
    return [Quote(no_price_reason="listed_without_price", tier=tier)]


def _quote(key: str, raw: Raw, rates: TokenRates, problem: str | None) -> Quote:
    value = raw
    if rates.nested is not None:
        value = (fields_of(raw) or {}).get(rates.nested, ABSENT)
    text = number_text(value) or _written_number(value)
    return Quote(
        native_unit=rates.units[key],
        raw_text=text,
        native_quantity=Decimal(rates.quantity),
        formula_text=key if rates.nested is None else f"{key}.{rates.nested}",
        problem=problem or (f"not_a_number: {key}" if text is None else None),
    )


def _written_number(raw: Raw) -> str | None:
    """Return the number that a JSON string holds, as it is written."""
    text = (text_of(raw) or "").strip()
    return number_text(Raw(text.encode())) if text.isascii() and text else None


def _is_placeholder(quote: Quote) -> bool:
    if quote.native_unit not in _MAY_BE_ZERO or quote.raw_text is None:
        return False
    return decimal_of(Raw(quote.raw_text.encode())) == 0


def _currency(members: Mapping[str, Raw], rates: TokenRates) -> tuple[str, str | None]:
    """Return the currency, and the problem with it if any."""
    if rates.currency_key is None:
        return "USD", None
    code = text_of(members.get(rates.currency_key, ABSENT)) or ""
    if len(code) == 3 and code.isascii() and code.isalpha() and code.isupper():
        return code, None
    problem = f"unknown_currency: {replace_unprintable(code or '(none)', 20)}"
    return "XXX", problem  # ISO 4217 for "no currency"


def _unknown(members: Mapping[str, Raw], rates: TokenRates) -> str | None:
    """Return the mark of keys that may change what the numbers mean; one of 0 changes nothing."""
    known = {*rates.units, *rates.ignored, rates.currency_key}
    return mark_of(
        key for key, raw in members.items() if key not in known and not _states_nothing(raw)
    )


def _states_nothing(raw: Raw) -> bool:
    if not is_stated(raw):
        return True
    text = number_text(raw) or _written_number(raw)
    return text is not None and decimal_of(Raw(text.encode())) == 0
