"""Absences that are not believed yet: one whole answer that lacks an offer does not end it."""

from __future__ import annotations

import polars as pl

from transforms.reconcile.absences import Drops
from transforms.reconcile.batch import FeedBatch


def pending_absences(
    listings: pl.DataFrame, batches: list[FeedBatch], drops: Drops
) -> pl.DataFrame:
    """Return `feed` and `offer_id` of stored listings that end by no answer of this run.

    Those that a drop protects, and those of catalogues that fewer answers than `gone_after` lacked.
    Without the latter, a catalogue that lacks some models once would rename their routed offers,
    and rename them back an hour later.
    """
    staying = [
        listings.filter(
            (pl.col("feed") == batch.feed) & (pl.col("missed") + 1 < batch.observation.gone_after)
        ).select("feed", "offer_id")
        for batch in batches
        if batch.role == "catalog"
    ]
    return pl.concat([drops.protected_absences, *staying]).unique(maintain_order=True)
