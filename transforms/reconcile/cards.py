"""Make the card rows: chosen facts and prices of each present offer, with their since-dates.

The costs of a card (cost_per_token, cost_per_image, …) are not made here: the warehouse's view
`cards` calculates them from the current prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.state import CARDS, SERIES

STATUS_FACTS = ("status", "context_length", "supports_tools", "supports_structured_output")
SPEED_FACTS = ("throughput_tps", "first_token_latency_ms", "request_latency_ms")
_STATED = pl.col("price_status").is_in(["priced", "free"])


def make_cards(
    facts: pl.DataFrame,
    prices: pl.DataFrame,
    holds: pl.DataFrame,
    stored: pl.DataFrame,
    *,
    no_price: pl.DataFrame,
    observed: Mapping[str, datetime],
) -> pl.DataFrame:
    """Return CARDS for every offer in `facts`.

    A card's cost_per_* columns are not made here: warehouse/views/_ph_cards.sql computes them.

    `observed` maps the feeds of this run to the time of their answer; in a run without any answer,
    every feed to that of its last one. `no_price` has per offer_id the reason code where no price
    is stated. `stored` are the cards before this run. A fact that falls back to a feed that did not
    answer now changed because another feed did: it is dated by that answer.
    """
    previous = stored.select(
        "offer_id",
        "status_since",
        "facts_since",
        "speed_changed_at",
        "price_changed_at",
        "held_since",
        "price_seen_at",
        *(pl.col(name).alias(f"_{name}") for name in (*STATUS_FACTS, *SPEED_FACTS, "held")),
    )
    rows = (
        facts.join(no_price, on="offer_id", how="left")
        .join(_price_of(prices), on="offer_id", how="left")
        .join(
            holds.select("offer_id", "hold_reason", "seen_at", hold_observed_at="observed_at"),
            on="offer_id",
            how="left",
        )
        .join(previous, on="offer_id", how="left")
    )
    latest = max(observed.values(), default=None)
    status_at, speed_at = (
        feed_time(name, observed).fill_null(pl.lit(latest, UTC_TIME))
        for name in ("status_feed", "speed_feed")
    )
    held_at = pl.col("hold_observed_at")
    speed = pl.any_horizontal(*(pl.col(name).is_not_null() for name in SPEED_FACTS))
    held = pl.col("hold_reason").is_not_null()
    unparsed = held & ~pl.col("hold_reason").is_in(["count_drop", "coverage_drop"])
    return CARDS.shape(
        rows.with_columns(
            status_since=_since(
                pl.col("status").eq_missing(pl.col("_status")), "status_since", status_at
            ),
            facts_since=_since(_same(STATUS_FACTS), "facts_since", status_at),
            speed_changed_at=pl.when(speed).then(
                _since(_same(SPEED_FACTS), "speed_changed_at", speed_at)
            ),
            price_changed_at=pl.col("_price_since"),
            price_status=pl.col("price_status").fill_null(
                pl.when(unparsed).then(pl.lit("unparsed")).otherwise(pl.lit("not_published"))
            ),
            price_reason=pl.when(pl.col("price_status").is_null())
            .then(pl.when(unparsed).then("hold_reason").otherwise("no_price"))
            .otherwise("price_reason"),
            held=held,
            held_since=pl.when(held).then(
                _since(pl.col("_held").fill_null(value=False), "held_since", held_at)
            ),
            price_seen_at=pl.when(held).then(pl.coalesce("price_seen_at", "seen_at")),
        )
    )


def feed_time(column: str, observed: Mapping[str, datetime]) -> pl.Expr:
    """Return the time of the last whole answer of the feed in a column; null without one."""
    return pl.col(column).replace_strict(dict(observed), default=None, return_dtype=UTC_TIME)


def _same(names: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in names))


def _since(same: pl.Expr, column: str, now: pl.Expr) -> pl.Expr:
    """Return the stored date while the value is the same, else now, if that is later."""
    stored = pl.col(column)
    return (
        pl.when(same & stored.is_not_null()).then(stored).otherwise(pl.max_horizontal(now, stored))
    )


def _price_of(prices: pl.DataFrame) -> pl.DataFrame:
    """Return one row per offer; the price status of a card is that of its weakest unit."""
    weakest = (
        pl.when((pl.col("price_status") == "suspect").any())
        .then(pl.lit("suspect"))
        .when((pl.col("price_status") == "unparsed").any())
        .then(pl.lit("unparsed"))
        .when((pl.col("price_status") == "free").all())
        .then(pl.lit("free"))
        .otherwise(pl.lit("priced"))
    )
    return (
        prices.sort(SERIES)
        .group_by("offer_id", maintain_order=True)
        .agg(
            price_status=weakest,
            price_basis=pl.col("basis").filter(_STATED).first(),
            price_reason=pl.col("reason").drop_nulls().first(),
            price_feed=pl.col("feed").first(),
            _price_since=pl.col("changed_at").max(),
        )
    )
