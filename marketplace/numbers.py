"""Numbers as text: exact for programs, short for people."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from schemas.amounts import MILLION, amount_text


def json_value(value: Any) -> Any:
    """Return a value for JSON: each Decimal in it as plain text, all else unchanged."""
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, dict):
        return {name: json_value(each) for name, each in value.items()}
    if isinstance(value, list):
        return [json_value(each) for each in value]
    return value


def dollars(amount: Decimal) -> str:
    """Return a price for people: at least cents, below one cent four significant digits; `$0.075`.

    It differs from the stated amount by rounding only; the offer's page has the exact amount.
    """
    if amount == 0:
        return "$0"
    if amount >= 1000:
        return f"${amount:,.0f}"
    places = max(2, 3 - amount.adjusted())
    text = amount_text(amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def money(amount: Decimal, currency: str) -> str:
    """Return a price for people in its currency: `$0.075`, `0.075 EUR`."""
    text = dollars(amount)
    return text if currency == "USD" else f"{text.removeprefix('$')} {currency}"


def per_million(amount: Decimal) -> str:
    """Return an amount per token as dollars per million."""
    return dollars(amount * MILLION)


def count(number: int) -> str:
    """Return `1,065`."""
    return f"{number:,}"


def short(number: int) -> str:
    """Return a short count of tokens: `128k`, `1M`; powers of two are rounded down."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{number // 1000}k" if number >= 1000 else str(number)
