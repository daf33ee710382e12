"""Numbers as text: exact for programs, short for people."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from schemas.amounts import MILLION, amount_text


def tell(value: Any) -> Any:
    """Return rows as JSON may hold them: each Decimal as plain text, the rest as it is."""
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, dict):
        return {name: tell(told) for name, told in value.items()}
    if isinstance(value, list):
        return [tell(told) for told in value]
    return value


def dollars(amount: Decimal) -> str:
    """Return a price for people: cents at least, four significant digits below that; `$0.075`.

    No figure that is shown is larger or smaller than the stated one by more than rounding; the
    exact one stands in the detail.
    """
    if amount == 0:
        return "$0"
    if amount >= 1000:
        return f"${amount:,.0f}"
    places = max(2, 3 - amount.adjusted())
    text = amount_text(amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN))
    whole, _, cents = text.partition(".")
    return f"${whole}.{cents.ljust(2, '0')}"


def per_million(amount: Decimal) -> str:
    """Return an amount per token as dollars per million."""
    return dollars(amount * MILLION)


def count(number: int) -> str:
    """Return `1,065`."""
    return f"{number:,}"


def short(number: int) -> str:
    """Return a count of tokens as people say it: `128k`, `1M`; powers of two round down to it."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f}".removesuffix(".0") + "M"
    return f"{number // 1000}k" if number >= 1000 else str(number)
