"""Checks of providers' own price lists, as rows."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import polars as pl

SHRUNK = 0.5
FEW = 4
"""Below so many offers a list may lose half of them without a word."""


def check_shrinkage(
    before: pl.DataFrame, now: pl.DataFrame, lists: Collection[str]
) -> pl.DataFrame:
    """One row per list that names at most half of the offers that its answer before named.

    Nothing is held: what one answer lacks keeps its last price anyway, and loses it only when the
    next one lacks it too. `before` and `now` are listings; `lists` answered in this run.
    """
    was, shown = _shown(before), _shown(now)
    rows: list[dict[str, Any]] = [
        {
            "feed": feed,
            "expected": f"more than half of {was[feed]} offers",
            "observed": f"{shown.get(feed, 0)} offers",
            "message": f"{feed} priced {was[feed]} offers in its answer before, and now "
            f"{shown.get(feed, 0)}; what is missing keeps its last price until the next answer",
        }
        for feed in sorted(lists)
        if was.get(feed, 0) >= FEW and shown.get(feed, 0) <= SHRUNK * was[feed]
    ]
    text = dict.fromkeys(("feed", "expected", "observed", "message"), pl.String)
    return pl.DataFrame(rows, schema=text).with_columns(
        name=pl.lit("list_shrank"), severity=pl.lit("warn"), passed=pl.lit(value=False)
    )


def _shown(listings: pl.DataFrame) -> dict[str, int]:
    present = listings.filter(pl.col("missed") == 0)
    return dict(present.group_by("feed").len().iter_rows())
