"""Additional prices: of cached or reasoning tokens, and of other tiers than `standard`.

No card ranks by them, so one that is doubtful is not published: it makes no main price doubtful.
"""

from __future__ import annotations

import polars as pl

from schemas.state import INCOMING_CLAIMS
from schemas.units import CACHED_INPUT, COMPARED_WITH, STANDARD, is_main

UNIT_DOUBT = "unit_doubt"
"""The reason of an additional price that is far from the main price which it is like."""
MOST_TIMES = 10
"""An additional price of more than this many times its main price is in another unit."""
LEAST_SHARE = 1 / 1000
"""An additional price below this share of its main price is in another unit."""
MOST_TIMES_OF_SIZE = 100
"""The same for a resolution, either way: 4k has 9 times the pixels of 720p."""
_SIZE = r"^[0-9]+[pk]$"


def without_doubtful(claims: pl.DataFrame) -> pl.DataFrame:
    """Return INCOMING_CLAIMS of one feed with every doubtful additional price `not_published`.

    Doubtful is what is far from the main price of the same offer; of cached and reasoning tokens
    also what has no readable number, or is 0 and not stated free, or has no main price beside it.
    """
    if claims.filter(~is_main()).is_empty():
        return claims
    rows = with_main_price(claims, claims)
    number = pl.col("price_status").is_in(["priced", "free"])
    both_free = (pl.col("price_status") == "free") & (pl.col("_main_status") == "free")
    like_main = number & is_like_main()
    of_other_tokens = _is_other_token() & ~(like_main | both_free.fill_null(value=False))
    of_other_tier = ~_is_other_token() & (pl.col("tier") != STANDARD) & number & _is_far()
    doubtful = of_other_tokens | of_other_tier
    return INCOMING_CLAIMS.shape(
        rows.with_columns(
            reason=pl.when(doubtful & number).then(pl.lit(UNIT_DOUBT)).otherwise("reason"),
            amount=pl.when(~doubtful).then("amount"),
            price_status=pl.when(doubtful & (pl.col("price_status") != "not_published"))
            .then(pl.lit("not_published"))
            .otherwise("price_status"),
        )
    )


def with_main_price(claims: pl.DataFrame, main: pl.DataFrame) -> pl.DataFrame:
    """Add `_main`, `_main_status`, `_main_currency`: the standard price that each row is like."""
    prices = (
        main.filter(pl.col("tier") == STANDARD)
        .select(
            "offer_id",
            _main_unit="unit",
            _main="amount",
            _main_status="price_status",
            _main_currency="currency",
        )
        .unique(["offer_id", "_main_unit"], keep="first", maintain_order=True)
    )
    like = pl.col("unit").replace_strict(COMPARED_WITH, default=pl.col("unit"))
    return claims.with_columns(_main_unit=like).join(
        prices, on=["offer_id", "_main_unit"], how="left", maintain_order="left"
    )


def is_like_main() -> pl.Expr:
    """Return whether the amount of each row is near its main price; False where one is unknown."""
    return _share().is_between(*_range()).fill_null(value=False)


def fits_beside() -> pl.Expr:
    """Return whether another feed's additional price may stand beside the main price of a row.

    What is not offered always may. One in another currency may not. A cached token of another list
    that costs more than the token itself is about another price, and so is any that is far from it.
    """
    stated = pl.col("price_status").is_in(["priced", "free"])
    dearer = (pl.col("unit") == CACHED_INPUT) & (pl.col("amount") > pl.col("_main"))
    near = pl.when(_is_other_token()).then(is_like_main()).otherwise(~_is_far())
    same = (pl.col("currency") == pl.col("_main_currency")).fill_null(value=True)
    return ~stated | (same & near & ~dearer.fill_null(value=False))


def _is_far() -> pl.Expr:
    return ~_share().is_between(*_range()).fill_null(value=True)


def _share() -> pl.Expr:
    return pl.col("amount").cast(pl.Float64) / pl.col("_main").cast(pl.Float64)


def _range() -> tuple[pl.Expr, pl.Expr]:
    of_size = pl.col("tier").str.contains(_SIZE)
    least = pl.when(of_size).then(1 / MOST_TIMES_OF_SIZE).otherwise(LEAST_SHARE)
    return least, pl.when(of_size).then(MOST_TIMES_OF_SIZE).otherwise(MOST_TIMES)


def _is_other_token() -> pl.Expr:
    return pl.col("unit").is_in(list(COMPARED_WITH))
