"""Make rows for the append-only logs: a value seen, a value gone. Intervals are a view of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.delta import Diff
from schemas.state import CLAIM_LOG, CLAIMS, PRICE_LOG, SERIES, SPEED_FACTS, STATUS_FACTS
from transforms.feed_times import feed_time

Times = Mapping[str, datetime]


def price_log(
    prices: Diff, previous: pl.DataFrame, closed: pl.DataFrame, earlier: Times
) -> pl.DataFrame:
    """Return PRICE_LOG columns; `kind` (seen | absence | change), `not_before_at`."""
    seen = add_not_before(prices.fresh, previous, earlier).with_columns(kind=pl.lit("seen"))
    ended = closed.with_columns(kind=pl.col("closed_by"), valid_from=pl.col("closed_from"))
    names = [*PRICE_LOG, "kind", "not_before_at"]
    return pl.concat([seen.select(names), ended.select(names)]).sort(*SERIES, maintain_order=True)


def add_not_before(fresh: pl.DataFrame, previous: pl.DataFrame, earlier: Times) -> pl.DataFrame:
    """Add `not_before_at`: the last answer that stated the previous value of each series.

    For a series that is new, the last answer of its feed, which did not state it.
    """
    seen = previous.select(*SERIES, _seen="seen_at")
    return (
        fresh.join(seen, on=list(SERIES), how="left")
        .with_columns(not_before_at=pl.coalesce("_seen", feed_time("feed", earlier)))
        .drop("_seen")
    )


def claim_log(
    claims: Diff,
    evidence: pl.DataFrame,
    *,
    ended: pl.DataFrame,
    begun: pl.DataFrame,
    now: Times,
    earlier: Times,
) -> pl.DataFrame:
    """Return CLAIM_LOG columns with `kind` (seen | absence), its dates, and `evidence` of the seen.

    `ended` are the listings that end (of date_listing_ends): their claims end with them. No claim
    begins before its offer has a card (`begun`: offer_id, begun_at).
    """
    seen = (
        claims.fresh.join(evidence, on=list(CLAIMS.key), how="left")
        .join(begun, on="offer_id", how="left")
        .with_columns(
            kind=pl.lit("seen"),
            valid_from=pl.max_horizontal("begun_at", feed_time("feed", now)),
            not_before_at=feed_time("feed", earlier),
        )
    )
    gone = claims.removed.join(ended, on=["offer_id", "feed"], how="left").with_columns(
        kind=pl.lit("absence"),
        valid_from=pl.coalesce("ended_at", feed_time("feed", now)),
        not_before_at=pl.coalesce("last_seen_at", feed_time("feed", earlier)),
        evidence=pl.lit(None, pl.String),
    )
    columns = [*CLAIM_LOG, "kind", "valid_from", "not_before_at", "evidence"]
    return pl.concat([seen.select(columns), gone.select(columns)]).sort(
        *SERIES, "feed", maintain_order=True
    )


def status_log(before: pl.DataFrame, cards: Diff, gone: pl.DataFrame) -> pl.DataFrame:
    """Return offer_id, kind (seen | absence), the status facts and valid_from."""
    old = before.select("offer_id", *(pl.col(name).alias(f"_{name}") for name in STATUS_FACTS))
    moved = cards.fresh.join(old, on="offer_id", how="left").filter(
        pl.any_horizontal(*(pl.col(n).ne_missing(pl.col(f"_{n}")) for n in STATUS_FACTS))
    )
    seen = moved.select("offer_id", *STATUS_FACTS, kind=pl.lit("seen"), valid_from="facts_since")
    ended = gone.join(
        before.select("offer_id", *STATUS_FACTS, "facts_since"), on="offer_id", suffix="_card"
    ).select(
        "offer_id",
        *STATUS_FACTS,
        kind=pl.lit("absence"),
        valid_from=pl.max_horizontal("gone_at", "facts_since"),
    )
    return pl.concat([seen, ended]).sort("offer_id", maintain_order=True)


def speed_log(before: pl.DataFrame, cards: Diff) -> pl.DataFrame:
    """Return offer_id, the speeds and observed_at of each measurement that is new."""
    old = before.select("offer_id", *(pl.col(name).alias(f"_{name}") for name in SPEED_FACTS))
    return (
        cards.fresh.join(old, on="offer_id", how="left")
        .filter(
            pl.any_horizontal(*(pl.col(n).ne_missing(pl.col(f"_{n}")) for n in SPEED_FACTS))
            & pl.col("speed_changed_at").is_not_null()
        )
        .select("offer_id", *SPEED_FACTS, observed_at="speed_changed_at")
        .sort("offer_id")
    )
