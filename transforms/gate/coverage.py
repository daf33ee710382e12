"""Detect that a whole answer lacks too much: half of a provider's offers, or of their prices.

A provider with few offers is not counted by itself: those of a feed are counted together, under a
null provider, so that half a catalogue cannot vanish provider by provider.
"""

from __future__ import annotations

import polars as pl

from schemas.settled import NO_COUNTS

LEAST = 10
"""Fewer than this many are too few to calculate a share."""
SHARE = 0.5
"""Below this share of what was there before, absences do not take effect."""

_GROUP = ["feed", "inference_provider"]


def count_groups(rows: pl.DataFrame, settled: pl.DataFrame = NO_COUNTS) -> pl.DataFrame:
    """Return feed, inference_provider, `offers` and `counted_as` of each provider of the rows.

    `counted_as` is the provider, null for the small providers of a feed. `settled` (NO_COUNTS)
    count beside the rows.
    """
    own = rows.group_by(_GROUP).agg(offers=pl.len().cast(pl.Int64))
    return (
        pl.concat([own, settled])
        .group_by(_GROUP)
        .agg(pl.col("offers").sum())
        .with_columns(counted_as=pl.when(pl.col("offers") >= LEAST).then("inference_provider"))
    )


def find_drops(
    before: pl.DataFrame, after: pl.DataFrame, *, name: str, settled: pl.DataFrame = NO_COUNTS
) -> pl.DataFrame:
    """Return `name`, `feed`, `inference_provider` (null: the small ones), `was`, `is_now`,
    `candidate` and `least`: the share of what was accepted below which it is another drop.

    Both frames have feed, inference_provider and offer_id; only providers of `before` count.
    `settled` (NO_COUNTS) are offers of neither frame that are there before and after.
    """
    known = count_groups(before, settled)
    now = pl.concat(
        [
            after.select(*_GROUP, "offer_id")
            .unique()
            .group_by(_GROUP)
            .agg(_now=pl.len().cast(pl.Int64)),
            settled.rename({"offers": "_now"}),
        ]
    ).join(known, on=_GROUP)
    key = ["feed", "counted_as"]
    return (
        known.group_by(key)
        .agg(was=pl.col("offers").sum())
        .join(
            now.group_by(key).agg(is_now=pl.col("_now").sum()),
            on=key,
            how="left",
            nulls_equal=True,
        )
        .with_columns(pl.col("is_now").fill_null(0))
        .filter((pl.col("was") >= LEAST) & (pl.col("is_now") < SHARE * pl.col("was")))
        .select(
            "feed",
            "was",
            "is_now",
            inference_provider="counted_as",
            name=pl.lit(name),
            candidate=pl.col("is_now").cast(pl.String),
            least=pl.lit(SHARE),
        )
        .sort("feed", "inference_provider")
    )


def in_groups(
    rows: pl.DataFrame, groups: pl.DataFrame, settled: pl.DataFrame = NO_COUNTS
) -> pl.DataFrame:
    """Return the rows (feed, inference_provider, …) that are counted in one of the groups."""
    chosen = groups_among(count_groups(rows, settled), groups)
    return rows.join(chosen, on=_GROUP, how="semi", maintain_order="left")


def groups_among(counts: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of `count_groups` that are counted in one of the groups."""
    return counts.join(
        groups.select("feed", counted_as="inference_provider"),
        on=["feed", "counted_as"],
        how="semi",
        nulls_equal=True,
    )
