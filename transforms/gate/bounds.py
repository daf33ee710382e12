"""Absolute bounds of a price, used where there is no history to compare with.

Wide on purpose: the cheapest and the most expensive known prices are far inside. A number outside
is a mistake of unit or decimal point, not an offer.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from schemas.contract import MONEY

_TOKEN = ("0.0000000001", "0.001")  # $0.0001 to $1,000 per million
_PICTURE = ("0.000001", "100")
_SECOND = ("0.0000001", "100")

BOUNDS: dict[str, tuple[str, str]] = {
    "input_token": _TOKEN,
    "output_token": _TOKEN,
    "cached_input_token": _TOKEN,
    "cache_write_token": _TOKEN,
    "reasoning_token": _TOKEN,
    "image": _PICTURE,
    "megapixel": _PICTURE,
    "pixel": ("0.000000000001", "0.0001"),
    "step": ("0.0000001", "10"),
    "second_of_compute": _SECOND,
    "second_of_audio": _SECOND,
    "second_of_video": _SECOND,
    "character": ("0.0000000001", "0.01"),
    "run": ("0.0000001", "1000"),
    "request": ("0.0000001", "1000"),
}
"""Unit → (lowest, highest) amount per ONE unit that passes without history, in any currency."""


def outside_bounds() -> pl.Expr:
    """Return whether the amount of each priced row is outside the bounds of its unit."""
    low, high = (
        pl.col("unit").replace_strict(
            list(BOUNDS),
            pl.Series([Decimal(pair[side]) for pair in BOUNDS.values()], dtype=MONEY),
            default=None,
            return_dtype=MONEY,
        )
        for side in (0, 1)
    )
    amount = pl.col("amount")
    return ((pl.col("price_status") == "priced") & ((amount < low) | (amount > high))).fill_null(
        value=False
    )
