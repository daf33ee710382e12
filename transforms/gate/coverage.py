"""Detect that a whole answer lacks too much: half of a provider's offers, or of their prices.

A provider with few offers is not counted by itself: those of a feed are counted together, under a
null provider, so that half a catalogue cannot vanish provider by provider.
"""

from __future__ import annotations

import polars as pl

LEAST = 10
"""Fewer than this many are too few to calculate a share."""
SHARE = 0.5
"""Below this share of what was there before, absences do not take effect."""

_GROUP = ["feed", "inference_provider"]


def grouped(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `counted_as`: the provider of the row, null for the small providers of a feed."""
    return rows.with_columns(
        counted_as=pl.when(pl.len().over(_GROUP) >= LEAST).then("inference_provider")
    )


def find_drops(before: pl.DataFrame, after: pl.DataFrame, *, name: str) -> pl.DataFrame:
    """Return `name`, `feed`, `inference_provider` (null: the small ones), `was`, `is_now`,
    `candidate` and `least`: the share of what was accepted below which it is another drop.

    Both frames have feed, inference_provider and offer_id; only providers of `before` count.
    """
    known = grouped(before)
    groups = known.select(*_GROUP, "counted_as").unique()
    now = after.select(*_GROUP, "offer_id").unique().join(groups, on=_GROUP)
    key = ["feed", "counted_as"]
    return (
        known.group_by(key)
        .agg(was=pl.len().cast(pl.Int64))
        .join(
            now.group_by(key).agg(is_now=pl.len().cast(pl.Int64)),
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


def in_groups(rows: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the rows (feed, inference_provider, …) that are counted in one of the groups."""
    return (
        grouped(rows)
        .join(
            groups.select("feed", counted_as="inference_provider"),
            on=["feed", "counted_as"],
            how="semi",
            nulls_equal=True,
        )
        .drop("counted_as")
    )
