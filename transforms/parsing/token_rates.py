"""Read the rates per token that a row of a price list states, each under a key of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal

import msgspec

from schemas.quotes import NOT_OFFERED
from schemas.units import COMPARED_WITH
from schemas.unknown_keys import mark_of
from transforms.parsing.currencies import read_currency
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.quotes import Quote, decimal_of, fields_of, number_text, text_of

Raw = msgspec.Raw
CURRENCY_KEYS = ("currency_unit", "currency")
_ONE = Decimal(1)
_TWELVE_DIGITS = Context(prec=12)


@dataclass(frozen=True)
class TokenRates:
    """Which keys of a price object are rates per token.

    `units` maps a key to our unit, `quantity` is the count of tokens that a rate is for.
    `per_token` maps further keys, of rates for one token, to the same units: some lists state each
    rate twice. `nested` is the key of the number where each rate is an object, `beside` are the
    other known keys there. Without a key of CURRENCY_KEYS the currency is USD, or unknown if
    `needs_currency`.
    """

    units: Mapping[str, str]
    quantity: Decimal = _ONE
    per_token: Mapping[str, str] = field(default_factory=dict)
    nested: str | None = None
    beside: frozenset[str] = frozenset()
    needs_currency: bool = False

    def stated(self) -> Iterable[tuple[str, str, Decimal]]:
        """Yield (key, unit, count of tokens) of every key that states a rate."""
        yield from ((key, unit, self.quantity) for key, unit in self.units.items())
        yield from ((key, unit, _ONE) for key, unit in self.per_token.items())


def read_rates(pricing: Raw, rates: TokenRates, *, tier: str = "standard") -> list[Quote]:
    """Return one quote per rate of a price object, or why it states none.

    An additional price of null, '' or 0 is stated as not offered; one without a key is not stated.
    """
    if not is_stated(pricing):
        return [Quote(no_price_reason="listed_without_price", tier=tier)]
    members = fields_of(pricing)
    if members is None:
        return [Quote(problem="not_an_object: pricing", tier=tier)]
    currency, problem = _currency(members, rates)
    problem = problem or _unknown(members, rates)
    found = [
        _quote(key, members[key], rates, unit=unit, quantity=quantity)._replace(
            tier=tier, currency=currency
        )
        for key, unit, quantity in rates.stated()
        if key in members
    ]
    priced = _each_unit_once([quote for quote in found if quote.raw_text or quote.problem])
    if not priced:
        why = None if problem else "listed_without_price"
        return [Quote(problem=problem, no_price_reason=why, tier=tier)]
    if problem is not None:
        return [quote._replace(problem=problem) for quote in priced]
    units = {quote.native_unit for quote in priced}
    return priced + [
        quote
        for quote in _each_unit_once([q for q in found if q.no_price_reason])
        if quote.native_unit not in units
    ]


def _quote(key: str, raw: Raw, rates: TokenRates, *, unit: str, quantity: Decimal) -> Quote:
    """Return the quote of one key; it has neither text nor problem where the key states nothing."""
    additional = unit in COMPARED_WITH
    value = raw
    if rates.nested is not None and is_stated(raw):
        value = (fields_of(raw) or {}).get(rates.nested, ABSENT)
    text = number_text(value) or _written_number(value)
    is_empty = not is_stated(raw) or text_of(raw) == ""
    quote = Quote(
        native_unit=unit,
        raw_text=text,
        native_quantity=quantity,
        formula_text=key if rates.nested is None else f"{key}.{rates.nested}",
    )
    if additional and (is_empty or _is_zero(text)):
        return quote._replace(raw_text=None, no_price_reason=NOT_OFFERED)
    return quote if text or is_empty else quote._replace(problem=f"not_a_number: {key}")


def _each_unit_once(quotes: list[Quote]) -> list[Quote]:
    """Return the first quote of each unit; a unit with two amounts has none that counts."""
    by_unit: dict[str | None, list[Quote]] = {}
    for quote in quotes:
        by_unit.setdefault(quote.native_unit, []).append(quote)
    return [
        first._replace(
            problem="two_prices: " + ", ".join(quote.formula_text for quote in (first, *others))
        )
        if any(_amount(quote) != _amount(first) for quote in others)
        else first
        for first, *others in by_unit.values()
    ]


def _amount(quote: Quote) -> Decimal | None:
    """Return the amount per one token, to the digits on which prices are compared."""
    number = None if quote.raw_text is None else decimal_of(Raw(quote.raw_text.encode()))
    return None if number is None else _TWELVE_DIGITS.divide(number, quote.native_quantity)


def _written_number(raw: Raw) -> str | None:
    """Return the number that a JSON string holds, as it is written."""
    text = (text_of(raw) or "").strip()
    if not text or decimal_of(Raw(text.encode())) is None:
        return None
    return number_text(Raw(text.encode()))


def _is_zero(text: str | None) -> bool:
    return text is not None and decimal_of(Raw(text.encode())) == 0


def _currency(members: Mapping[str, Raw], rates: TokenRates) -> tuple[str, str | None]:
    """Return the currency, and the problem with it if any."""
    stated = [members[key] for key in CURRENCY_KEYS if is_stated(members.get(key, ABSENT))]
    if not stated and not rates.needs_currency:
        return "USD", None
    names = {(text_of(raw) or "?").strip().upper() for raw in stated}
    return read_currency(", ".join(sorted(names)))


def _unknown(members: Mapping[str, Raw], rates: TokenRates) -> str | None:
    """Return the mark of keys that may change what the numbers mean; one of 0 changes nothing."""
    known = {*rates.units, *rates.per_token, *CURRENCY_KEYS}
    odd = {key for key, raw in members.items() if key not in known and not _states_nothing(raw)}
    if rates.nested is not None:
        for key in members.keys() & rates.units.keys():
            parts = fields_of(members[key]) or {}
            inside = parts.keys() - {rates.nested, *rates.beside}
            odd |= {f"{key}.{part}" for part in inside if not _states_nothing(parts[part])}
    return mark_of(odd)


def _states_nothing(raw: Raw) -> bool:
    return not is_stated(raw) or _is_zero(number_text(raw) or _written_number(raw))
