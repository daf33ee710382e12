"""The price series before a run: when each was last seen, and under which name it continues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import Contract
from schemas.delta import Diff, State
from schemas.state import SERIES
from transforms.feed_times import feed_time


def current_series(before: State) -> pl.DataFrame:
    """Return the stored prices with `seen_at`, the last answer that stated each.

    For a held price that is the answer before it was held, for a missed listing the one before its
    first absence, else its feed's last whole answer.
    """
    alone = (
        before.refusals.filter(
            pl.col("kept_seen_at").is_not_null()
            & (pl.col("decision") != "accepted")
            & pl.col("absent_from").is_null()
        )
        .group_by(SERIES)
        .agg(_alone=pl.col("kept_seen_at").min())
    )
    missed = before.listings.select("offer_id", "feed", _last="last_seen_at")
    held = before.cards.select("offer_id", _held="price_seen_at")
    return (
        before.prices.join(missed, on=["offer_id", "feed"], how="left")
        .join(held, on="offer_id", how="left")
        .join(alone, on=list(SERIES), how="left")
        .with_columns(
            seen_at=pl.coalesce("_held", "_alone", "_last", feed_time("feed", before.observed))
        )
        .drop("_held", "_alone", "_last")
    )


def renamed(rows: pl.DataFrame, relabels: pl.DataFrame, shape: Contract) -> pl.DataFrame:
    """Return rows about offers (in `shape`) under the names that those have now.

    Of several offers that have one name now, the first of `relabels` continues.
    """
    return shape.shape(
        _named(rows, relabels).with_columns(offer_id=pl.coalesce("new_offer_id", "offer_id"))
    )


def _named(rows: pl.DataFrame, relabels: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of offers that continue, with `new_offer_id` of those with another name."""
    names = relabels.rename({"old_offer_id": "offer_id"}).unique(
        "new_offer_id", keep="first", maintain_order=True
    )
    ended = pl.concat([relabels["old_offer_id"], names["new_offer_id"]])
    # a hold of a whole provider is about no single offer
    left = pl.col("offer_id").is_in(ended.implode()).fill_null(value=False)
    return rows.join(
        names.drop("reason", strict=False), on="offer_id", how="left", maintain_order="left"
    ).filter(pl.col("new_offer_id").is_not_null() | ~left)


def renamed_series(series: pl.DataFrame, relabels: pl.DataFrame) -> pl.DataFrame:
    """Return the series under the names that their offers have now.

    A series of a new name begins with the name (`at` of `relabels`); the price that it continues
    keeps its `changed_at`.
    """
    return (
        _named(series, relabels)
        .with_columns(
            offer_id=pl.coalesce("new_offer_id", "offer_id"),
            valid_from=pl.coalesce("at", "valid_from"),
        )
        .drop("new_offer_id", "at")
    )


def moved_series(
    series: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    offers: pl.DataFrame,
    observed: Mapping[str, datetime],
) -> pl.DataFrame:
    """Return the series of offerings that are attached to another offer now, under that offer.

    `before` and `after` are the listings of routed feeds. An offer's own series come first: only
    what it has no price of is compared with what the offering cost at the offer that it left.
    """
    triple = ["source", "model_id", "inference_provider", "task"]
    names = offers.select("offer_id", *triple)
    left = before.join(after, on=["feed", "offer_id"], how="anti").join(names, on="offer_id")
    new = (
        after.filter(pl.col("missed") == 0)
        .join(before, on=["feed", "offer_id"], how="anti")
        .join(names, on="offer_id")
        .select("feed", *triple, _new="offer_id")
    )
    pairs = left.join(new, on=["feed", *triple]).select("feed", "offer_id", "_new")
    return (
        series.join(pairs, on=["feed", "offer_id"])
        .with_columns(offer_id="_new", valid_from=feed_time("feed", observed))
        .drop("_new")
        .join(series, on=list(SERIES), how="anti")
    )


def carried_series(
    series: pl.DataFrame, relabels: pl.DataFrame, prices: pl.DataFrame
) -> pl.DataFrame:
    """Return offer_id (the old), unit, tier of the series that continue under a new name."""
    names = relabels.select("new_offer_id", offer_id="old_offer_id")
    now = prices.select("unit", "tier", new_offer_id="offer_id")
    return (
        series.select(*SERIES)
        .join(names, on="offer_id")
        .join(now, on=["new_offer_id", "unit", "tier"], how="semi")
        .drop("new_offer_id")
    )


def with_other_offers(
    changed: Diff, before: pl.DataFrame, after: pl.DataFrame, relabels: pl.DataFrame
) -> Diff:
    """Return the difference of prices (PRICES) with the series whose id is another offer's by now.

    Where a name is used again at once, the same price is that of another offer: a change.
    """
    left = relabels.select(offer_id="old_offer_id").unique()
    again = (
        after.join(left, on="offer_id", how="semi", maintain_order="left")
        .join(before, on=list(SERIES), how="semi", maintain_order="left")
        .join(changed.changed, on=list(SERIES), how="anti", maintain_order="left")
    )
    return Diff(changed.added, pl.concat([changed.changed, again]), changed.removed)


def closed_series(
    prices: Diff,
    series: pl.DataFrame,
    gone: pl.DataFrame,
    ended: pl.DataFrame,
    carried: pl.DataFrame,
    observed: Mapping[str, datetime],
) -> pl.DataFrame:
    """Date the price series that end: `closed_from`, `closed_by`, `not_before_at`, `relabelled`.

    With its offer or its listing (`ended`, of date_listing_ends) from the first absence; else from
    the answer that no longer states a price. Where other prices of its offer change in this run,
    all of that is one moment. Never before the interval's own start. `carried` are the series
    that continue under a new name: those are relabelled, not gone.
    """
    key = list(SERIES)
    ends = gone.select("offer_id", "gone_at")
    begun = prices.fresh.group_by("offer_id").agg(_begun=pl.col("valid_from").max())
    return (
        prices.removed.join(ends, on="offer_id", how="left")
        .join(begun, on="offer_id", how="left")
        .join(ended.select("offer_id", "feed", "ended_at"), on=["offer_id", "feed"], how="left")
        .join(series.select(*key, not_before_at="seen_at"), on=key, how="left")
        .join(carried.select(*key, relabelled=pl.lit(value=True)), on=key, how="left")
        .with_columns(
            relabelled=pl.col("relabelled").fill_null(value=False),
            closed_from=pl.max_horizontal(
                pl.coalesce("gone_at", "ended_at", feed_time("feed", observed)),
                "_begun",
                "valid_from",
            ),
        )
        .with_columns(
            closed_by=pl.when("relabelled").then(pl.lit("change")).otherwise(pl.lit("absence"))
        )
    )
