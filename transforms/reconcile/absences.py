"""Who is missing from a whole answer, and whether that is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import HOLDS, State
from transforms.gate.coverage import find_drops, in_groups
from transforms.gate.holds import OpenHolds, blocking, carry_known_drops, match_known_drops
from transforms.reconcile.listings import Observation


class Heard(NamedTuple):
    """What a feed's whole answer is about: the offers it states, those it may be about unread."""

    answered: Observation
    statements: pl.DataFrame
    unread: pl.DataFrame


class Drops(NamedTuple):
    """`refusals` of absences, `lacking` for the checks, `unbelieved`: feed and offer_id."""

    refusals: pl.DataFrame
    lacking: pl.DataFrame
    unbelieved: pl.DataFrame

    def of(self, feed: str) -> pl.Series:
        """Return the ids whose absence from this feed is not believed."""
        return self.unbelieved.filter(pl.col("feed") == feed)["offer_id"]


def count_drops(state: State, heard: list[Heard], memory: OpenHolds) -> Drops:
    """Find the providers of which a whole answer lacks more than half, and whom that protects."""
    answered = {h.answered.feed: h.answered.observed_at for h in heard}
    named = state.offers.select("offer_id", "inference_provider")
    before = state.listings.select("feed", "offer_id").join(named, on="offer_id")
    after = pl.concat(
        [
            before.clear(),
            *(
                rows.select("offer_id", "inference_provider").select(
                    pl.lit(h.answered.feed).alias("feed"), "offer_id", "inference_provider"
                )
                for h in heard
                for rows in (h.statements, h.unread.join(named, on="offer_id"))
            ),
        ]
    )
    lacking = find_drops(
        before.filter(pl.col("feed").is_in(list(answered))), after, name="count_drop"
    ).with_columns(
        observed_at=pl.col("feed").replace_strict(answered, default=None, return_dtype=UTC_TIME)
    )
    found = match_known_drops(lacking, memory)
    refusals = pl.concat([found, carry_known_drops(memory, set(answered))])
    return Drops(
        refusals,
        lacking.hstack(found.select("check_id", "decision")),
        in_groups(before, blocking(refusals)).select("feed", "offer_id"),
    )


def end_absent(
    listings: pl.DataFrame, drops: Drops, gone_after: Mapping[str, int], answered: set[str]
) -> pl.DataFrame:
    """End what was missed often enough and is no longer protected, of feeds that said nothing now.

    So an accepted drop takes effect with the decision.
    """
    after = pl.col("feed").replace_strict(dict(gone_after), default=None, return_dtype=pl.Int64)
    due = listings.filter((pl.col("missed") >= after) & ~pl.col("feed").is_in(list(answered))).join(
        drops.unbelieved, on=["feed", "offer_id"], how="anti"
    )
    return listings.join(due, on=["feed", "offer_id"], how="anti")


def missing_offers(
    listings: pl.DataFrame, drops: Drops, prices: pl.DataFrame, priced_only: frozenset[str]
) -> pl.DataFrame:
    """Return HOLDS of what is missing and not believed to be gone.

    That is an offer that no feed shows which names offers, and one that goes on with the price of a
    feed which no longer states it. `prices` are the series that cards showed.
    """
    unseen = listings.filter(pl.col("missed") > 0).join(
        drops.unbelieved, on=["feed", "offer_id"], how="semi"
    )
    named = listings.filter(~pl.col("feed").is_in(priced_only))
    shown = named.filter(pl.col("missed") == 0).select("offer_id")
    absent = unseen.join(named, on=["feed", "offer_id"], how="semi").join(
        shown, on="offer_id", how="anti"
    )
    unpriced = unseen.join(prices.select("feed", "offer_id"), on=["feed", "offer_id"], how="semi")
    rows = pl.concat([absent, unpriced]).select(
        "offer_id",
        "feed",
        hold_reason=pl.lit("count_drop"),
        shown_at="last_seen_at",
        observed_at="absent_from",
    )
    missing = [name for name in HOLDS.dtypes if name not in rows.columns]
    held = HOLDS.shape(rows.with_columns(**{name: pl.lit(None) for name in missing}))
    return held.sort("offer_id", "feed").unique("offer_id", keep="first", maintain_order=True)
