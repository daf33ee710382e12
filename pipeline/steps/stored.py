"""Read from the warehouse what the steps before reconciling resolve names with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from threading import Lock

import polars as pl

from pipeline.context import Run
from schemas.delta import State
from transforms.resolve.attachments import stored_entries
from warehouse.connect import open_writer
from warehouse.writer.state import read_current

_OPENING = Lock()
"""Feeds are fetched side by side, and the writer's file has one writer at a time."""
_NAMES = ("model_id", "hub_id", "renamed_to", "first_seen_at")


def read_models(run: Run) -> pl.DataFrame:
    """Return the names of the stored models (of STORED_MODELS), and what makes two of them one."""
    with open_writer(run.home.warehouse) as con:
        return read_current(con, "models", only=_NAMES)


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
