"""Exact money: from the text of a number to an amount per one unit, never through a float."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import NamedTuple

import polars as pl

from schemas.contract import MONEY

_TWELVE_DIGITS = Context(prec=12, rounding=ROUND_HALF_EVEN)
_WIDE = Context(prec=76, rounding=ROUND_HALF_EVEN)
_SCALE = Decimal("1e-18")
_ONE = Decimal(1)
_LIMIT = Decimal("1e20")  # DECIMAL(38,18) holds 20 digits before the point


def ratio(times: int | Decimal, per: int | Decimal) -> Decimal:
    """Return times / per to 76 digits: exact where a decimal can be, and far below 18 elsewhere."""
    return _WIDE.divide(Decimal(times), Decimal(per))


class Money(NamedTuple):
    """`native` as stated (to 18 decimals), `amount` per one unit by the 12-digit rule."""

    native: Decimal
    amount: Decimal


def read_amount(text: str, *, reciprocal: Decimal, factor: Decimal = _ONE) -> Money | None:
    """Read a JSON number and scale it by an exact reciprocal of its quantity.

    `factor` makes money of the number first: 0.01 for cents, 0.000001 for millionths of a dollar.

    The native amount is rounded to 12 significant digits (half even) before scaling, so that a
    float's noise (0.030000000000000002) is no price change. None when the text is no finite
    number from 0 up that DECIMAL(38,18) can hold; a price too small for it is no zero.
    """
    try:
        written = Decimal(text)
    except InvalidOperation:
        return None
    if not written.is_finite() or written < 0 or written >= _LIMIT:
        return None
    stated = written if factor == 1 else _WIDE.multiply(written, factor)
    scaled = _WIDE.multiply(_TWELVE_DIGITS.plus(stated), reciprocal)
    if (stated == 0 and written > 0) or max(stated, scaled) >= _LIMIT:
        return None
    native, amount = stated.quantize(_SCALE, context=_WIDE), scaled.quantize(_SCALE, context=_WIDE)
    if native >= _LIMIT or amount >= _LIMIT or (stated > 0 and amount == 0):
        return None  # rounded out of the column, or to a zero that was not stated
    return Money(native, amount)


def amount_as_text(column: str) -> pl.Expr:
    """Money as text without trailing zeros; null where there is no amount."""
    text = pl.col(column).cast(MONEY).cast(pl.String)
    return text.str.strip_chars_end("0").str.strip_chars_end(".")
