"""Money as exact text and the constants of its units; the one home of both."""

from __future__ import annotations

from decimal import Decimal

MILLION = Decimal(1_000_000)
PER_MILLION = Decimal("0.000001")
"""The exact reciprocal of a million: an amount is divided by multiplying with it."""


def amount_text(amount: Decimal) -> str:
    """Return every digit of an amount without exponent or trailing zeros: `0.0000001`.

    Exact for any number of digits; `Decimal.normalize` would round at 28 of them.
    """
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
