"""Make the card rows: chosen facts and prices of each present offer, with their since-dates.

The costs of a card (cost_per_token, cost_per_image, …) are not made here: the warehouse's view
`cards` calculates them from the current prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.state import CARDS, SERIES, SPEED_FACTS, STATUS_FACTS
from schemas.units import is_main
from transforms.feed_times import feed_time
from transforms.resolve.attachments import AMBIGUOUS

_STATED = pl.col("price_status").is_in(["priced", "free"])
_HELD = pl.col("hold_reason").is_not_null()


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

    warehouse/views/_ph_card_computed.sql computes the cost_per_* columns of a card.

    `observed` maps the feeds of this run to the time of their answer; in a run without any answer,
    every feed to that of its last one. `no_price` has per offer_id the reason code where no price
    is stated. `stored` are the cards before this run; an offer without one begins at `begun_at` of
    `facts`, null for the others; `contested_feed` is the feed whose attachment nothing decides. A
    fact that falls back to a feed that did not
    answer now changed because another feed did: it is dated by that answer.
    """
    rows = (
        facts.join(no_price, on="offer_id", how="left")
        .join(_price_of(prices), on="offer_id", how="left")
        .join(
            holds.select("offer_id", "hold_reason", "seen_at", hold_observed_at="observed_at"),
            on="offer_id",
            how="left",
        )
        .join(_previous(stored), on="offer_id", how="left")
    )
    columns = {
        **_fact_dates(observed),
        **_price_columns(),
        "held": _HELD,
        "held_since": pl.when(_HELD).then(
            _since(pl.col("_held").fill_null(value=False), "held_since", pl.col("hold_observed_at"))
        ),
        "price_seen_at": pl.when(_HELD).then(pl.coalesce("price_seen_at", "seen_at")),
    }
    return CARDS.shape(rows.with_columns(**columns))


def _previous(stored: pl.DataFrame) -> pl.DataFrame:
    """Return the dates of the cards before this run, and their facts as `_name`."""
    return stored.select(
        "offer_id",
        "status_since",
        "facts_since",
        "speed_changed_at",
        "price_changed_at",
        "held_since",
        "price_seen_at",
        *(pl.col(name).alias(f"_{name}") for name in (*STATUS_FACTS, *SPEED_FACTS, "held")),
    )


def _fact_dates(observed: Mapping[str, datetime]) -> dict[str, pl.Expr]:
    """Return the columns that date the status and the speed of a card."""
    latest = max(observed.values(), default=None)
    status_at, speed_at = (
        pl.coalesce(begun, feed_time(name, observed), pl.lit(latest, UTC_TIME))
        for name, begun in (("status_feed", "begun_at"), ("speed_feed", pl.lit(None, UTC_TIME)))
    )
    same_status = pl.col("status").eq_missing(pl.col("_status"))
    speed = pl.any_horizontal(*(pl.col(name).is_not_null() for name in SPEED_FACTS))
    return {
        "status_since": _since(same_status, "status_since", status_at),
        "facts_since": _since(_same(STATUS_FACTS), "facts_since", status_at),
        "speed_changed_at": pl.when(speed).then(
            _since(_same(SPEED_FACTS), "speed_changed_at", speed_at)
        ),
    }


def _price_columns() -> dict[str, pl.Expr]:
    """Return the date, status and reason of a card's price."""
    unparsed = _HELD & ~pl.col("hold_reason").is_in(["count_drop", "coverage_drop"])
    contested = pl.col("price_feed") == pl.col("contested_feed")
    no_status = pl.when(unparsed).then(pl.lit("unparsed")).otherwise(pl.lit("not_published"))
    return {
        "price_changed_at": pl.col("_price_since"),
        "price_status": pl.col("price_status").fill_null(no_status),
        "price_reason": pl.when(pl.col("price_status").is_null())
        .then(pl.when(unparsed).then("hold_reason").otherwise("no_price"))
        .otherwise(pl.coalesce("price_reason", pl.when(contested).then(pl.lit(AMBIGUOUS)))),
    }


def _same(names: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(*(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in names))


def _since(same: pl.Expr, column: str, now: pl.Expr) -> pl.Expr:
    """Return the stored date while the value is the same, else now, if that is later."""
    stored = pl.col(column)
    return (
        pl.when(same & stored.is_not_null()).then(stored).otherwise(pl.max_horizontal(now, stored))
    )


def _price_of(prices: pl.DataFrame) -> pl.DataFrame:
    """Return one row per offer; the price status of a card is that of its weakest main unit.

    An offer with nothing but prices of other tiers or of cached tokens has none.
    """
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
        prices.filter(is_main())
        .sort(SERIES)
        .group_by("offer_id", maintain_order=True)
        .agg(
            price_status=weakest,
            price_basis=pl.col("basis").filter(_STATED).first(),
            price_reason=pl.col("reason").drop_nulls().first(),
            price_feed=pl.col("feed").first(),
            _price_since=pl.col("changed_at").max(),
        )
    )
