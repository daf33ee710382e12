"""Make the events of a run: of offers, of price series and of holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import EVENTS, Diff
from schemas.state import SERIES
from transforms.feed_times import feed_time
from transforms.history.logs import add_not_before

Times = Mapping[str, datetime]


def offer_events(
    before: pl.DataFrame,
    after: pl.DataFrame,
    *,
    known: pl.Series,
    renamed: pl.Series,
    earlier: Times,
) -> list[pl.DataFrame]:
    """Return `new`, `back` and `status` events from the cards before and after.

    `after` has `status_feed`; `known` are the ids of every offer ever seen before, `renamed` those
    that only have a new name.
    """
    appeared = after.filter(~pl.col("offer_id").is_in(renamed.implode()))
    appeared = appeared.join(before, on="offer_id", how="anti").with_columns(
        event=pl.when(pl.col("offer_id").is_in(known.implode()))
        .then(pl.lit("back"))
        .otherwise(pl.lit("new")),
        new_value=pl.col("status"),
        occurred_at=pl.col("status_since"),
        not_before_at=feed_time("status_feed", earlier),
    )
    moved = (
        after.join(before.select("offer_id", old_value="status"), on="offer_id")
        .filter(pl.col("status") != pl.col("old_value"))
        .with_columns(
            event=pl.lit("status"),
            new_value=pl.col("status"),
            occurred_at=pl.col("status_since"),
            not_before_at=feed_time("status_feed", earlier),
        )
    )
    return [fill(appeared), fill(moved)]


def price_events(
    prices: Diff,
    previous: pl.DataFrame,
    closed: pl.DataFrame,
    *,
    recalled: pl.DataFrame,
    earlier: Times,
) -> list[pl.DataFrame]:
    """Return the events of price series.

    `previous` has the series before, under the names that their offers have now: a new name alone
    is no event of a price. `closed` has the ended series with their times, `recalled` (REMEMBERED)
    the last good prices of those that return.
    """
    old = previous.select(
        *SERIES,
        old_amount="amount",
        old_value="price_status",
        _status="price_status",
        _reason="reason",
        _unit="native_unit",
        _currency="currency",
        _known=pl.lit(value=True),
    )
    started = (
        add_not_before(prices.fresh, previous, earlier)
        .join(old, on=list(SERIES), how="left")
        .join(_remembered(recalled), on=list(SERIES), how="left")
        .with_columns(_returning_prices())
        .with_columns(
            event=pl.coalesce("_return", _price_event()),
            new_amount=pl.col("amount"),
            new_value=pl.col("price_status"),
            occurred_at=pl.col("valid_from"),
        )
        .filter(pl.col("event").is_not_null())
        # a price that stays suspect has a new reason: what is stated about it changed
        .with_columns(
            old_value=pl.when(_stays_suspect()).then("_reason").otherwise("old_value"),
            new_value=pl.when(_stays_suspect() | (pl.col("price_status") == "not_published"))
            .then("reason")
            .otherwise("new_value"),
        )
    )
    # where nothing was offered, nothing ends
    priced = pl.col("price_status") != "not_published"
    ended = closed.filter(~pl.col("relabelled") & priced).with_columns(
        event=pl.lit("gone"),
        old_amount=pl.col("amount"),
        old_value=pl.col("price_status"),
        occurred_at=pl.col("closed_from"),
    )
    return [fill(started), fill(ended)]


def hold_events(
    before: pl.DataFrame,
    after: pl.DataFrame,
    holds: pl.DataFrame,
    *,
    now: Times,
    earlier: Times,
) -> list[pl.DataFrame]:
    """Return `held` and `released` events from the cards before and after."""
    was = before.filter("held").select(
        "offer_id", "held_since", old_value="hold_reason", _feed="price_feed"
    )
    held = (
        after.filter("held")
        .join(was, on="offer_id", how="anti")
        .join(
            holds.select(
                "offer_id",
                "unit",
                "tier",
                "currency",
                "old_amount",
                new_amount="candidate_amount",
                occurred_at="observed_at",
                not_before_at="seen_at",
            ),
            on="offer_id",
        )
        .with_columns(event=pl.lit("held"), new_value=pl.col("hold_reason"))
    )
    released = (
        after.filter(~pl.col("held"))
        .drop("held_since")
        .join(was, on="offer_id")
        .with_columns(
            event=pl.lit("released"),
            # never before the hold, which another feed's later answer may have led to; an offer
            # without a price has no feed of it
            occurred_at=pl.max_horizontal(
                feed_time("_feed", now).fill_null(pl.lit(max(now.values()), UTC_TIME)), "held_since"
            ),
            not_before_at=feed_time("_feed", earlier).fill_null(
                pl.lit(max(earlier.values(), default=None), UTC_TIME)
            ),
        )
    )
    return [fill(held), fill(released)]


def series_hold_events(
    before: pl.DataFrame,
    after: pl.DataFrame,
    held_prices: pl.DataFrame,
    prices: pl.DataFrame,
    *,
    now: Times,
    earlier: Times,
) -> list[pl.DataFrame]:
    """Return `held` and `released` events of additional prices, which are held by themselves.

    `before` and `after` are REFUSALS, under the names that offers have now, `held_prices` those of
    this run with both amounts, `prices` (PRICES) the series after it: one that ended is not
    released.
    """
    was, now_held = (
        rows.filter(
            pl.col("kept_seen_at").is_not_null()
            & (pl.col("decision") != "accepted")
            & pl.col("absent_from").is_null()
        )
        for rows in (before, after)
    )
    held = (
        held_prices.join(now_held, on="check_id", how="semi")
        .join(was, on=list(SERIES), how="anti")
        .with_columns(
            event=pl.lit("held"),
            new_amount="amount",
            new_value="name",
            occurred_at="observed_at",
            not_before_at="seen_at",
        )
    )
    released = (
        was.unique(list(SERIES), keep="first", maintain_order=True)
        .join(now_held, on=list(SERIES), how="anti")
        .join(prices.select(*SERIES, "currency"), on=list(SERIES))
        .with_columns(
            event=pl.lit("released"),
            old_value="name",
            occurred_at=pl.max_horizontal(feed_time("feed", now), "since_at"),
            not_before_at=feed_time("feed", earlier),
        )
    )
    return [fill(held), fill(released)]


def gone_events(gone: pl.DataFrame) -> pl.DataFrame:
    """Return `gone` events; `gone` has offer_id, status, gone_at and last_seen_at."""
    return fill(
        gone.select(
            "offer_id",
            event=pl.lit("gone"),
            old_value="status",
            occurred_at="gone_at",
            not_before_at="last_seen_at",
        )
    )


def relabel_events(relabels: pl.DataFrame, *, previous_at: pl.Expr) -> pl.DataFrame:
    """Return `relabelled` events of the new offer, with the old id as old_value."""
    return fill(
        relabels.select(
            offer_id="new_offer_id",
            event=pl.lit("relabelled"),
            old_value="old_offer_id",
            new_value="new_offer_id",
            occurred_at="at",
            not_before_at=previous_at,
        )
    )


def fill(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame in the shape of EVENTS; columns it lacks are null."""
    missing = [name for name in EVENTS.dtypes if name not in frame.columns]
    return EVENTS.shape(frame.with_columns(**{name: pl.lit(None) for name in missing}))


def _remembered(recalled: pl.DataFrame) -> pl.DataFrame:
    return recalled.select(
        *SERIES,
        _then_amount="amount",
        _then_status="price_status",
        _then_currency="currency",
    )


def _returning_prices() -> list[pl.Expr]:
    """Return `_return`, the event of a series without a good price before, and what it had once.

    An amount of another currency is not given: it cannot be compared.
    """
    now, once = pl.col("price_status"), pl.col("_then_status").is_not_null()
    absent = pl.col("_known").is_null()
    back = once & now.is_in(["priced", "free"])
    same_currency = pl.col("_then_currency") == pl.col("currency")
    compared = back | (absent & once)
    return [
        pl.when(back)
        .then(pl.lit("back"))
        .when(absent & once & (now == "suspect"))
        .then(pl.lit("became_suspect"))
        .when(absent & (now != "not_published"))
        .then(pl.lit("new"))
        .alias("_return"),
        pl.when(compared)
        .then(pl.when(same_currency).then("_then_amount"))
        .otherwise("old_amount")
        .alias("old_amount"),
        pl.when(compared).then("_then_status").otherwise("old_value").alias("old_value"),
    ]


def _stays_suspect() -> pl.Expr:
    # null, which is no `then`, for a series that had no price before
    return (pl.col("_status") == "suspect") & (pl.col("price_status") == "suspect")


def _price_event() -> pl.Expr:
    was, now = pl.col("old_value"), pl.col("price_status")
    other_unit = pl.col("native_unit").ne(pl.col("_unit")) | pl.col("currency").ne(
        pl.col("_currency")
    )
    both = (was == "priced") & (now == "priced")
    other_reason = pl.col("reason").ne_missing(pl.col("_reason"))
    return (
        pl.when((now == "suspect") & ((was != "suspect") | other_reason))
        .then(pl.lit("became_suspect"))
        .when(was.is_in(["priced", "free"]) & (now == "not_published"))
        .then(pl.lit("gone"))
        .when((was == "priced") & (now == "free"))
        .then(pl.lit("paid_to_free"))
        .when((was == "free") & (now == "priced"))
        .then(pl.lit("free_to_paid"))
        .when(both & other_unit)
        .then(pl.lit("unit_changed"))
        .when(both & (pl.col("amount") > pl.col("old_amount")))
        .then(pl.lit("up"))
        .when(both & (pl.col("amount") < pl.col("old_amount")))
        .then(pl.lit("down"))
        .when(~was.is_in(["priced", "free"]) & now.is_in(["priced", "free"]))
        .then(pl.lit("new"))
    )
