"""One moment for each event: where one thing ends and another begins, both have the same time.

Feeds answer at different times of a run. An event that follows from several answers happens at the
last of them, on both of its sides, so that no history has a hole or an overlap of seconds there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME
from schemas.state import OFFERS
from schemas.units import is_main
from transforms.feed_times import feed_time
from transforms.reconcile.selection import stated_prices

Times = Mapping[str, datetime]


def date_relabels(
    relabels: pl.DataFrame,
    before: pl.DataFrame,
    after: pl.DataFrame,
    *,
    answered: Times,
    observed: Times,
) -> pl.DataFrame:
    """Add `at` to relabels: the last answer of this run that lists the new name or lacks the old.

    `before` and `after` are the listings, `answered` the times of this run's answers, `observed`
    those of every feed's last one: the newest of these counts where no answer did.
    """
    names = [
        before.join(relabels.select("new_offer_id", offer_id="old_offer_id"), on="offer_id"),
        after.join(relabels.select("new_offer_id", offer_id="new_offer_id"), on="offer_id"),
    ]
    moments = (
        pl.concat([rows.select("new_offer_id", "feed") for rows in names])
        .group_by("new_offer_id")
        .agg(at=feed_time("feed", answered).max())
    )
    latest = pl.lit(max(observed.values(), default=None), UTC_TIME)
    return relabels.join(
        moments, on="new_offer_id", how="left", maintain_order="left"
    ).with_columns(pl.col("at").fill_null(latest))


def begin_cards(
    stored: pl.DataFrame, listings: pl.DataFrame, relabels: pl.DataFrame, answered: Times
) -> pl.DataFrame:
    """Return `offer_id` and `begun_at` of the offers that have a card from this run on.

    `stored` are the cards before, `listings` those of feeds that list offers. A new name begins
    with its relabelling, any other offer with the first answer that lists it.
    """
    names = relabels.select("at", offer_id="new_offer_id").unique("offer_id", keep="first")
    return (
        listings.join(stored, on="offer_id", how="anti")
        .group_by("offer_id")
        .agg(_first=feed_time("feed", answered).min())
        .join(names, on="offer_id", how="left")
        .select("offer_id", begun_at=pl.coalesce("at", "_first"))
    )


def date_new_offers(
    offers: pl.DataFrame, stored: pl.DataFrame, begun: pl.DataFrame
) -> pl.DataFrame:
    """Return OFFERS: one that is not among the stored ones is first seen when its card begins."""
    first = begun.join(stored, on="offer_id", how="anti")
    return OFFERS.shape(
        offers.join(first, on="offer_id", how="left", maintain_order="left").with_columns(
            first_seen_at=pl.coalesce("begun_at", "first_seen_at")
        )
    )


def date_candidates(
    candidates: pl.DataFrame,
    previous: pl.DataFrame,
    claims: pl.DataFrame,
    begun: pl.DataFrame,
    observed: Times,
) -> pl.DataFrame:
    """Add `observed_at` to the chosen claims: the answer from which on cards show them.

    That is the last one of the claim's feed. A claim that replaces those of a feed which no longer
    states a main price is shown from the answer that lacks them, and none before its offer has a
    card (`begun`, of begin_cards). Under a new name that is when the card begins: every price of
    the old name ends then, also one that was kept though its feed had left the offer before.
    `previous` are the series before, under the names that their offers have now.
    """
    lost = (
        previous.filter(is_main())
        .select("offer_id", "feed")
        .unique()
        .join(stated_prices(claims).filter(is_main()), on=["offer_id", "feed"], how="anti")
        .group_by("offer_id")
        .agg(_left=feed_time("feed", observed).max())
    )
    return (
        candidates.join(lost, on="offer_id", how="left", maintain_order="left")
        .join(begun, on="offer_id", how="left", maintain_order="left")
        .with_columns(
            observed_at=pl.max_horizontal(
                feed_time("feed", observed), pl.coalesce("begun_at", "_left")
            )
        )
        .drop("_left", "begun_at")
    )


def date_holds(rows: pl.DataFrame, answered: Times) -> pl.DataFrame:
    """Return held prices with `observed_at` of the answer by which they would begin to be held.

    That is their feed's, as it is, where it answered in this run or none did; else another answer
    led to it, and the last one of this run counts.
    """
    if not answered:
        return rows
    latest = pl.lit(max(answered.values()), UTC_TIME)
    return rows.with_columns(
        observed_at=pl.when(pl.col("feed").is_in(list(answered)))
        .then("observed_at")
        .otherwise(pl.max_horizontal("observed_at", latest))
    )


def date_listing_ends(
    before: pl.DataFrame, after: pl.DataFrame, gone: pl.DataFrame
) -> pl.DataFrame:
    """Return offer_id, feed, `ended_at` and `last_seen_at` of the listings that end in a run.

    They end with their offer, else with the first answer that lacked them; null: this run's.
    """
    return (
        before.join(after, on=["offer_id", "feed"], how="anti")
        .join(gone.select("offer_id", "gone_at"), on="offer_id", how="left")
        .select("offer_id", "feed", "last_seen_at", ended_at=pl.coalesce("gone_at", "absent_from"))
    )
