"""Remember the last good price of a series through an absence, so that its return is compared.

An offer that is gone, or that states no readable price for a while, has no current price. What it
states when it returns is compared with the last price that cards showed, under whatever id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.remembered import OFFER_PAIRS, REMEMBERED
from schemas.state import SERIES
from schemas.units import is_main
from transforms.feed_times import feed_time

GOOD_STATUSES = ("priced", "free")


@dataclass(frozen=True)
class PriceMemory:
    """What a run remembers: `prices` (REMEMBERED), `links` (OFFER_PAIRS) and how far back.

    `oldest` maps a feed to the earliest time (UTC) that its memory reaches; without an entry there
    is no limit.
    """

    prices: pl.DataFrame = field(default_factory=REMEMBERED.empty)
    links: pl.DataFrame = field(default_factory=OFFER_PAIRS.empty)
    oldest: Mapping[str, datetime] = field(default_factory=dict)

    def reaches(self, column: str) -> pl.Expr:
        """Return whether the memory of the row's feed reaches the time in a column."""
        return (pl.col(column) >= feed_time("feed", self.oldest)).fill_null(value=True)


@dataclass(frozen=True)
class Recalled:
    """Prices of series that return, under the ids of the candidates (REMEMBERED).

    `good` are the last good prices that candidates are compared with, `corrected` the last prices
    that were corrections.
    """

    good: pl.DataFrame = field(default_factory=REMEMBERED.empty)
    corrected: pl.DataFrame = field(default_factory=REMEMBERED.empty)


def recall_good(
    memory: PriceMemory,
    *,
    previous: pl.DataFrame,
    candidates: pl.DataFrame,
    groups: pl.DataFrame,
    stated: pl.Series,
) -> pl.DataFrame:
    """Return REMEMBERED: the last good price of each candidate that has no good price now.

    Among the ids of its line the latest price counts, else that of another id of its family which
    states no price now; of two as late, the one nearest to the candidate. `previous` are the series
    before this run, `groups` the families and lines of all offers, `stated` the ids of offers that
    a feed lists and prices now.
    """
    key = list(SERIES)
    good = pl.col("price_status").is_in(GOOD_STATUSES)
    current = previous.filter(good)
    needed = (
        candidates.select(*key, _amount="amount")
        .join(current, on=key, how="anti")
        .join(groups, on="offer_id")
    )
    if needed.is_empty():
        return REMEMBERED.empty()
    known = pl.concat(
        [memory.prices, REMEMBERED.shape(current.with_columns(is_last=pl.lit(value=True)))]
    )
    pool = (
        known.filter(good & memory.reaches("seen_at"))
        .join(groups, on="offer_id")
        .with_columns(_priced_now=pl.col("offer_id").is_in(stated.implode()))
        .rename({"offer_id": "_id", "line": "_line"})
    )
    own = pl.col("_id") == pl.col("offer_id")
    linked = pl.col("_line") == pl.col("line")
    found = (
        needed.join(pool, on=["family", "unit", "tier"])
        .filter(own | ~pl.col("_priced_now"))
        .with_columns(_own=own, _linked=linked, _distance=_distance())
        .sort(
            *key,
            "_linked",
            "seen_at",
            "_own",
            "_distance",
            "_id",
            descending=[False, False, False, True, True, True, False, False],
        )
        .unique(key, keep="first", maintain_order=True)
    )
    return REMEMBERED.shape(found)


def add_recalled(previous: pl.DataFrame, recalled: pl.DataFrame) -> pl.DataFrame:
    """Return the series that candidates are compared with, in the columns of `recalled`.

    A remembered price takes the place of a current one without an amount.
    """
    rest = previous.join(recalled, on=list(SERIES), how="anti", maintain_order="left")
    shared = [name for name in REMEMBERED.dtypes if name in previous.columns]
    return pl.concat([rest.select(shared), recalled.select(shared)])


def restore_held(
    holds: pl.DataFrame, previous: pl.DataFrame, recalled: pl.DataFrame
) -> pl.DataFrame:
    """Return the remembered prices of held offers (HOLDS) that have no main price at all.

    Such a card shows what it showed last. Its interval begins with the return, and `seen_at` stays
    the last answer that stated it. A unit that ended long before the others is left out.
    """
    latest = pl.col("seen_at").filter(is_main()).max().over("offer_id")
    return (
        recalled.join(holds.select("offer_id", _at="observed_at"), on="offer_id")
        .join(previous.filter(is_main()).select("offer_id").unique(), on="offer_id", how="anti")
        .join(previous, on=list(SERIES), how="anti")
        .filter(pl.col("seen_at") >= latest)
        .with_columns(valid_from="_at", changed_at="_at", until=pl.lit(None, UTC_TIME))
        .drop("_at")
    )


def restore_alone(
    refused: pl.DataFrame, previous: pl.DataFrame, recalled: pl.DataFrame
) -> pl.DataFrame:
    """Return the remembered prices of series that are held by themselves and have no price row.

    `refused` has the series with `observed_at`, the answer that states the refused value.
    """
    return (
        recalled.join(refused.select(*SERIES, _at="observed_at"), on=list(SERIES))
        .join(previous, on=list(SERIES), how="anti")
        .with_columns(valid_from="_at", changed_at="_at", until=pl.lit(None, UTC_TIME))
        .drop("_at")
    )


def _distance() -> pl.Expr:
    """Return by which factor two amounts differ, 1 for equal ones; without two amounts, infinity.

    A float is good enough to choose the nearer of two.
    """
    old, new = pl.col("amount").cast(pl.Float64), pl.col("_amount").cast(pl.Float64)
    factor = pl.max_horizontal(old / new, new / old)
    return pl.when(old == new).then(1.0).otherwise(factor.fill_nan(None)).fill_null(float("inf"))
