"""Read from the warehouse what the steps before reconciling resolve names with."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from pipeline.context import Run
from schemas.delta import State
from transforms.resolve.attachments import stored_entries
from warehouse.connect import open_writer
from warehouse.writer.state import read_current, read_state


def read_models(run: Run) -> pl.DataFrame:
    """Return the stored models (STORED_MODELS)."""
    with open_writer(run.home.warehouse) as con:
        return read_current(con, "models")


def read_mapped_offers(run: Run, catalog: str) -> pl.DataFrame:
    """Return the mapping offers that a catalogue last stated, with its status, speed and price."""
    return stored_entries(_read_state(run), [catalog])


def read_mapped_ids(run: Run, sources: Collection[str], inference_provider: str) -> set[str]:
    """Return the ids of a provider that present offers of these sources have."""
    present = (
        pl.col("source").is_in(list(sources))
        & (pl.col("inference_provider") == inference_provider)
        & pl.col("provider_model_id").is_not_null()
        & pl.col("gone_at").is_null()
    )
    return set(_read_state(run).offers.filter(present)["provider_model_id"])


def _read_state(run: Run) -> State:
    """Return the warehouse's current rows; they are large, so no caller keeps them."""
    with open_writer(run.home.warehouse) as con:
        return read_state(con)
