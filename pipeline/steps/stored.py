"""Read from the warehouse what the steps before reconciling resolve names with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from threading import Lock

import polars as pl

from pipeline.context import Run
from schemas.delta import State
from schemas.state import STORED_MODELS
from transforms.parsing.validation import ValidatedFeed
from transforms.resolve.attachments import stored_entries
from transforms.resolve.model_names import names_today, unlisted_names
from warehouse.connect import open_writer
from warehouse.writer.state import read_current, read_named_models

_OPENING = Lock()
"""Feeds are fetched side by side, and the writer's file has one writer at a time."""


def read_names_today(
    run: Run, catalog: pl.DataFrame | None, feeds: Iterable[ValidatedFeed]
) -> pl.DataFrame:
    """Return the names of today (of `names_today`) of all models that these feeds write.

    `catalog` (MODEL_NAMES) is a catalogue's whole answer. The warehouse is read only for names that
    it does not list.
    """
    rows = [rows for feed in feeds for rows in (feed.offerings, feed.unreadable)]
    written = unlisted_names(rows, catalog)
    if written.is_empty():
        return names_today(STORED_MODELS.empty(), catalog)
    with open_writer(run.home.warehouse) as con:
        return names_today(read_named_models(con, written), catalog)


def read_mapped_offers(run: Run, catalog: str) -> pl.DataFrame:
    """Return the mapping offers that a catalogue last stated, with its status, speed and price."""
    with _OPENING, open_writer(run.home.warehouse) as con:
        state = replace(
            State.empty(),
            offers=read_current(con, "offers"),
            listings=read_current(con, "listings"),
            claims=read_current(con, "claims"),
        )
    return stored_entries(state, [catalog])


def read_mapped_ids(run: Run, sources: Collection[str], inference_provider: str) -> set[str]:
    """Return the ids of a provider that present offers of these sources have."""
    present = (
        pl.col("source").is_in(list(sources))
        & (pl.col("inference_provider") == inference_provider)
        & pl.col("provider_model_id").is_not_null()
        & pl.col("gone_at").is_null()
    )
    with _OPENING, open_writer(run.home.warehouse) as con:
        return set(read_current(con, "offers").filter(present)["provider_model_id"])
