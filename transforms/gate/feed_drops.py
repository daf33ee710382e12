"""Detect that a whole answer lacks too many of a feed's offers, whatever each provider lost.

A page that is missing in the middle of a walk takes a few offers of every provider.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.settled import NO_COUNTS
from transforms.gate.coverage import LEAST

FEED_DROP = "feed_count_drop"
"""Name of such a refusal; its check is a `count_drop`. The small providers of a feed, which are
counted together, have the refusal `count_drop` without a provider."""
_TRIPLE = ["feed", "model_id", "inference_provider", "task"]


def find_feed_drops(
    listed: pl.DataFrame,
    answered: pl.DataFrame,
    shares: Mapping[str, float],
    *,
    settled: pl.DataFrame = NO_COUNTS,
) -> pl.DataFrame:
    """Return the columns of `find_drops` for feeds that lack more than their share, and ten offers.

    Both frames have feed, offer_id, model_id, inference_provider and task. An offer that is stated
    with another id of its provider is not missing. `shares` has the feeds that have such a limit.
    `settled` (NO_COUNTS) are offers that are listed and answered, and in neither frame.
    """
    known = listed.filter(pl.col("feed").is_in(list(shares)))
    lost = known.join(answered, on=["feed", "offer_id"], how="anti").join(
        answered, on=_TRIPLE, how="anti", nulls_equal=True
    )
    share = pl.col("feed").replace_strict(dict(shares), default=None, return_dtype=pl.Float64)
    return (
        pl.concat(
            [
                known.group_by("feed").agg(offers=pl.len().cast(pl.Int64)),
                settled.select("feed", "offers"),
            ]
        )
        .group_by("feed")
        .agg(was=pl.col("offers").sum())
        .join(lost.group_by("feed").agg(_lost=pl.len().cast(pl.Int64)), on="feed")
        .filter((pl.col("_lost") >= LEAST) & (pl.col("_lost") > share * pl.col("was")))
        .with_columns(is_now=pl.col("was") - pl.col("_lost"))
        .select(
            "feed",
            "was",
            "is_now",
            inference_provider=pl.lit(None, pl.String),
            name=pl.lit(FEED_DROP),
            candidate=pl.col("is_now").cast(pl.String),
            least=1 - share,
        )
        .sort("feed")
    )
