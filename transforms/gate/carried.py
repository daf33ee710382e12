"""Carry decisions through the time in which a source states nothing to decide about.

A hold and a correction count until the source states another price. An offer that is absent, or
whose price cannot be read, states none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.state import CORRECTIONS, SERIES
from transforms.feed_times import feed_time
from transforms.gate.holds import GROUPED, OpenHolds, apply_verdicts
from transforms.gate.memory import GOOD_STATUSES, PriceMemory

Times = Mapping[str, datetime]


def carry_unstated_holds(
    open_holds: OpenHolds,
    matched: pl.DataFrame,
    claims: pl.DataFrame,
    memory: PriceMemory,
    observed: Times,
) -> pl.DataFrame:
    """Return REFUSALS: the known held prices whose feed states no other price, within memory.

    `matched` (REFUSALS) are those that were found in this run, `claims` (CLAIMS) all that feeds
    state now.
    """
    known = open_holds.known.filter(~pl.col("name").is_in(GROUPED)).join(
        matched, on="check_id", how="anti"
    )
    unstated = known.join(
        _readable(claims), on=["feed", *SERIES], how="anti", maintain_order="left"
    )
    return apply_verdicts(_within(unstated, memory, observed), open_holds)


def carry_unstated_corrections(
    corrections: pl.DataFrame, claims: pl.DataFrame, memory: PriceMemory, observed: Times
) -> pl.DataFrame:
    """Return CORRECTIONS: those of series whose feed states no price now, within memory.

    A correction that does not name its feed waits for a price of any feed.
    """
    readable = _readable(claims)
    rows = corrections.rename({"overruled_feed": "feed"})
    unstated = pl.concat(
        [
            rows.filter(pl.col("feed").is_not_null()).join(
                readable, on=["feed", *SERIES], how="anti"
            ),
            rows.filter(pl.col("feed").is_null()).join(readable, on=list(SERIES), how="anti"),
        ]
    )
    return CORRECTIONS.shape(_within(unstated, memory, observed).rename({"feed": "overruled_feed"}))


def _readable(claims: pl.DataFrame) -> pl.DataFrame:
    return claims.filter(pl.col("price_status").is_in(GOOD_STATUSES)).select("feed", *SERIES)


def _within(rows: pl.DataFrame, memory: PriceMemory, observed: Times) -> pl.DataFrame:
    """Date the absence of rows with `feed` and `absent_from`, and drop those that are too old."""
    latest = pl.lit(max(observed.values(), default=None), UTC_TIME)
    return rows.with_columns(
        absent_from=pl.coalesce("absent_from", feed_time("feed", observed), latest)
    ).filter(memory.reaches("absent_from"))
