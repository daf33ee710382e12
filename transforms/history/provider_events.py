"""Make the events of whole inference providers: the first offer of one, and the end of its last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.delta import State
from schemas.settled import Settled
from transforms.feed_times import feed_time
from transforms.history.events import fill

JOINED = "provider_joined"
LEFT = "provider_left"
_PROVIDER = ["source", "inference_provider"]


def provider_events(
    before: State,
    after: State,
    begun: pl.DataFrame,
    naming: pl.DataFrame,
    *,
    settled: Settled,
) -> list[pl.DataFrame]:
    """Return `provider_joined` and `provider_left` events, one per source and provider.

    A provider is there while an offer of it has a card: an absence that a drop protects ends no
    card. `begun` has offer_id and `begun_at` of the offers without a card before, `naming` the
    listings after the run of feeds that list offers. `settled` are the models that are in
    neither state.
    """
    was, is_now = _offers_on_cards(before), _offers_on_cards(after)
    joined = is_now.join(was, on=_PROVIDER, how="anti").join(
        settled.providers, on=_PROVIDER, how="anti"
    )
    left = (
        was.select(_PROVIDER)
        .unique()
        .join(is_now, on=_PROVIDER, how="anti")
        .join(settled.providers, on=_PROVIDER, how="anti")
    )
    ends = pl.concat([after.offers.select(settled.ends.columns), settled.ends])
    return [_joined(joined, begun, naming, before.observed), _left(left, ends)]


def _joined(
    offers: pl.DataFrame, begun: pl.DataFrame, naming: pl.DataFrame, earlier: Mapping[str, datetime]
) -> pl.DataFrame:
    """Return the events of the providers whose first offers these are.

    One that only feeds without an earlier answer list has not joined: nobody looked before.
    """
    found = (
        offers.join(naming.select("offer_id", "feed"), on="offer_id")
        .with_columns(looked_at=feed_time("feed", earlier))
        .join(begun, on="offer_id")
        .group_by(_PROVIDER)
        .agg(occurred_at=pl.col("begun_at").min(), not_before_at=pl.col("looked_at").min())
        .filter(pl.col("not_before_at").is_not_null())
    )
    return fill(
        found.sort(_PROVIDER).select(
            "inference_provider",
            "occurred_at",
            "not_before_at",
            event=pl.lit(JOINED),
            new_value="source",
        )
    )


def _left(providers: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """Return the events of providers without an offer: they left with the last of their offers.

    `ends` has the ends of all offers after the run. An offer that ended in an earlier run may have
    been listed for longer than those that end in this one, which a drop had protected.
    """
    last = (
        ends.join(providers, on=_PROVIDER, how="semi")
        .group_by(_PROVIDER)
        .agg(occurred_at=pl.col("gone_at").max(), not_before_at=pl.col("last_seen_at").max())
    )
    return fill(
        last.sort(_PROVIDER).select(
            "inference_provider",
            "occurred_at",
            "not_before_at",
            event=pl.lit(LEFT),
            old_value="source",
        )
    )


def _offers_on_cards(state: State) -> pl.DataFrame:
    """Return source, inference_provider and offer_id of every offer with a card."""
    return state.cards.select("offer_id").join(
        state.offers.select("offer_id", *_PROVIDER), on="offer_id"
    )
