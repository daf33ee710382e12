"""Which offers a whole answer lacks, and which of these absences take effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import HOLDS, State
from schemas.settled import NO_COUNTS
from transforms.gate.coverage import (
    count_groups,
    find_drops,
    groups_among,
    in_groups,
)
from transforms.gate.feed_drops import FEED_DROP, find_feed_drops
from transforms.gate.holds import OpenHolds, blocking, carry_known_drops, match_known_drops
from transforms.reconcile.batch import FeedBatch


@dataclass(frozen=True)
class Drops:
    """Providers and feeds of which whole answers lack too much.

    `open_holds` (REFUSALS) are the drops that are held or were accepted, `found` those of this run
    for the checks, `protected_absences` (feed, offer_id) the absences that do not take effect.
    """

    open_holds: pl.DataFrame
    found: pl.DataFrame
    protected_absences: pl.DataFrame

    def protected_by(self, feed: str) -> pl.Series:
        """Return the ids of offers whose absence from this feed does not take effect."""
        return self.protected_absences.filter(pl.col("feed") == feed)["offer_id"]


def unreadable_offers(offers: pl.DataFrame, batch: FeedBatch) -> pl.DataFrame:
    """Return offer_id of the known offers that the unreadable rows of an answer may be about."""
    known = offers.select("offer_id", "model_id", "inference_provider")
    by_provider = batch.unreadable.filter(pl.col("inference_provider").is_not_null())
    by_model = batch.unreadable.filter(pl.col("inference_provider").is_null())
    return (
        pl.concat(
            [
                known.join(by_provider, on=["model_id", "inference_provider"], how="semi"),
                known.join(by_model, on="model_id", how="semi"),
            ]
        )
        .unique("offer_id")
        .select("offer_id")
    )


def doubted_absences(before: State, batch: FeedBatch) -> pl.DataFrame:
    """Return offer_id of the offers that an answer may lack without being absent."""
    unreadable = unreadable_offers(before.offers, batch)
    if batch.absences_count:
        return unreadable
    listed = before.listings.filter(pl.col("feed") == batch.feed).select("offer_id")
    return pl.concat([unreadable, listed]).unique("offer_id")


def count_drops(
    before: State,
    batches: list[FeedBatch],
    unreadable: Mapping[str, pl.DataFrame],
    open_holds: OpenHolds,
    feed_drop_share: Mapping[str, float],
    settled: pl.DataFrame = NO_COUNTS,
) -> Drops:  # six parameters: what is counted, and the five things that decide what counts
    """Find the providers of which a whole answer lacks more than half, and the feeds of which it
    lacks more than `feed_drop_share`; protect their offers.

    `unreadable` maps a feed to the offers (offer_id) that its unreadable rows may be about. An
    estimate lists nothing that could be absent, so it is not counted. What a provider lost whose
    drop is found by itself counts in no drop of the feed. `settled` (NO_COUNTS) are the offers of
    models that the run leaves as they are: listed by what is stored and by every answer.
    """
    batches = [batch for batch in batches if batch.role != "estimate" and batch.absences_count]
    observed = {batch.feed: batch.observation.observed_at for batch in batches}
    names = before.offers.select("offer_id", "inference_provider", "model_id", "task")
    listed = before.listings.select("feed", "offer_id").join(names, on="offer_id")
    answered = pl.concat([listed.clear(), *_answered(batches, unreadable, names)])
    counted = listed.filter(pl.col("feed").is_in(list(observed)))
    settled_now = settled.filter(pl.col("feed").is_in(list(observed)))
    of_groups = find_drops(counted, answered, name="count_drop", settled=settled_now)
    dropped = groups_among(count_groups(counted, settled_now), of_groups)
    of_feeds = find_feed_drops(
        _outside(counted, dropped),
        answered,
        feed_drop_share,
        settled=_outside(settled_now, dropped),
    )
    found = pl.concat([of_groups, of_feeds]).with_columns(
        observed_at=pl.col("feed").replace_strict(observed, default=None, return_dtype=UTC_TIME)
    )
    matched = match_known_drops(found, open_holds)
    drops = pl.concat([matched, carry_known_drops(open_holds, set(observed))])
    return Drops(
        open_holds=drops,
        found=found.hstack(matched.select("check_id", "decision")),
        protected_absences=_protected(listed, blocking(drops), settled),
    )


def _outside(rows: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose feed and provider are none of the groups."""
    return rows.join(groups, on=["feed", "inference_provider"], how="anti")


def _answered(
    batches: list[FeedBatch], unreadable: Mapping[str, pl.DataFrame], names: pl.DataFrame
) -> Iterator[pl.DataFrame]:
    """Yield the columns of `names` with `feed` before: what each answer states, and what it may."""
    for batch in batches:
        for rows in (batch.statements, names.join(unreadable[batch.feed], on="offer_id")):
            yield rows.select(pl.lit(batch.feed).alias("feed"), *names.columns)


def _protected(listed: pl.DataFrame, drops: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """Return feed and offer_id of the listings that one of the drops is about."""
    of_feed = pl.col("name") == FEED_DROP
    return (
        pl.concat(
            [
                in_groups(listed, drops.filter(~of_feed), settled),
                listed.join(drops.filter(of_feed), on="feed", how="semi"),
            ]
        )
        .select("feed", "offer_id")
        .unique(maintain_order=True)
    )


def end_absent(
    listings: pl.DataFrame, drops: Drops, gone_after: Mapping[str, int], answered: list[str]
) -> pl.DataFrame:
    """End listings that were missed often enough and that no drop protects any more.

    Only of feeds without an answer in this run; so an accepted drop takes effect with the decision.
    """
    after = pl.col("feed").replace_strict(dict(gone_after), default=None, return_dtype=pl.Int64)
    due = listings.filter((pl.col("missed") >= after) & ~pl.col("feed").is_in(answered)).join(
        drops.protected_absences, on=["feed", "offer_id"], how="anti"
    )
    return listings.join(due, on=["feed", "offer_id"], how="anti")


def missing_offers(
    listings: pl.DataFrame,
    naming_listings: pl.DataFrame,
    drops: Drops,
    prices: pl.DataFrame,
) -> pl.DataFrame:
    """Return HOLDS of offers that are missing while a drop protects them.

    That is an offer that no feed lists any more, and one that keeps the price of a feed which no
    longer states it. `naming_listings` are the listings of feeds that list offers, `prices` the
    series before this run.
    """
    unseen = listings.filter(pl.col("missed") > 0).join(
        drops.protected_absences, on=["feed", "offer_id"], how="semi"
    )
    seen = naming_listings.filter(pl.col("missed") == 0).select("offer_id")
    absent = unseen.join(naming_listings, on=["feed", "offer_id"], how="semi").join(
        seen, on="offer_id", how="anti"
    )
    unpriced = unseen.join(prices.select("feed", "offer_id"), on=["feed", "offer_id"], how="semi")
    rows = pl.concat([absent, unpriced]).select(
        "offer_id",
        "feed",
        hold_reason=pl.lit("count_drop"),
        seen_at="last_seen_at",
        observed_at="absent_from",
    )
    lacking = [name for name in HOLDS.dtypes if name not in rows.columns]
    held = HOLDS.shape(rows.with_columns(**{name: pl.lit(None) for name in lacking}))
    return held.sort("offer_id", "feed").unique("offer_id", keep="first", maintain_order=True)
