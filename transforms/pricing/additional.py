"""Additional prices of a claim's feed: for cached or reasoning tokens, and of further tiers.

No card depends on them, so one that is doubtful is not published: it makes no main price doubtful.
"""

from __future__ import annotations

import polars as pl

from schemas.state import INCOMING_CLAIMS
from schemas.units import COMPARED_WITH, STANDARD

UNIT_DOUBT = "unit_doubt"
"""The reason of an additional price that is far from the main price which it is like."""
MOST_TIMES = 10
"""An additional price of more than this many times its main price is in another unit."""
LEAST_SHARE = 1 / 1000
"""An additional price below this share of its main price is in another unit."""


def without_doubtful(claims: pl.DataFrame) -> pl.DataFrame:
    """Return INCOMING_CLAIMS of one feed with every doubtful additional price `not_published`.

    Doubtful is what has no readable number, is 0 and not stated free, or is far from the main price
    of the same offer. A main unit of a further tier is not compared with the standard one: a price
    for 4k is far from one for 1k.
    """
    additional = pl.col("unit").is_in(list(COMPARED_WITH))
    other_tier = ~additional & (pl.col("tier") != STANDARD)
    if claims.filter(additional | other_tier).is_empty():
        return claims
    main = claims.filter(pl.col("tier") == STANDARD).select(
        "offer_id", _main_unit="unit", _main="amount", _main_status="price_status"
    )
    rows = claims.with_columns(
        _main_unit=pl.col("unit").replace_strict(COMPARED_WITH, default=None)
    ).join(main, on=["offer_id", "_main_unit"], how="left", maintain_order="left")
    share = pl.col("amount").cast(pl.Float64) / pl.col("_main").cast(pl.Float64)
    like_main = share.is_between(LEAST_SHARE, MOST_TIMES).fill_null(value=False)
    both_free = (pl.col("price_status") == "free") & (pl.col("_main_status") == "free")
    number = pl.col("price_status").is_in(["priced", "free"])
    fits = (number & like_main) | both_free.fill_null(value=False)
    doubtful = (additional & ~fits) | (other_tier & ~number)
    return INCOMING_CLAIMS.shape(
        rows.with_columns(
            reason=pl.when(doubtful & number).then(pl.lit(UNIT_DOUBT)).otherwise("reason"),
            amount=pl.when(~doubtful).then("amount"),
            price_status=pl.when(doubtful & (pl.col("price_status") != "not_published"))
            .then(pl.lit("not_published"))
            .otherwise("price_status"),
        )
    )
