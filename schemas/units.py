"""The units of prices, and which of them say what an offer costs."""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl

Unit = Literal[
    "input_token",
    "output_token",
    "cached_input_token",
    "cache_write_token",
    "reasoning_token",
    "image",
    "megapixel",
    "pixel",
    "step",
    "second_of_compute",
    "second_of_audio",
    "second_of_video",
    "character",
    "run",
    "request",
]
"""Every unit that a price can be for."""
UNITS: tuple[str, ...] = get_args(Unit)
TOKENS = tuple(unit for unit in UNITS if unit.endswith("_token"))
"""The units that are tokens of one kind or another."""
COMPARED_WITH = {
    "cached_input_token": "input_token",
    "cache_write_token": "input_token",
    "reasoning_token": "output_token",
}
"""Unit of a price beside the main ones → the main unit whose price it is like."""
CACHED_INPUT = "cached_input_token"
"""The unit of input tokens that the provider has kept from an earlier request."""
STANDARD = "standard"
"""The tier of a price without conditions."""


def is_main() -> pl.Expr:
    """Return whether the price of each row is one that the offer is compared by.

    A price for cached or reasoning tokens, or of another tier, is additional: no card ranks by it.
    """
    return (pl.col("tier") == STANDARD) & ~pl.col("unit").is_in(list(COMPARED_WITH))
