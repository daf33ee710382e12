"""Read from the warehouse what a run is reconciled with; no other step before the load reads it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from pipeline.context import Run
from pipeline.correction_requests import correction_request_rows, verdict_rows
from schemas.delta import State
from warehouse.connect import open_writer
from warehouse.writer.state import read_current, read_state


@dataclass(frozen=True)
class RunInputs:
    """What comes from the warehouse and from operators: VERDICTS and CORRECTION_REQUESTS."""

    state: State
    verdicts: pl.DataFrame
    correction_requests: pl.DataFrame


def load_inputs(run: Run) -> RunInputs:
    """Read the stored rows and what operators decided; UsageError for a decision out of date."""
    with open_writer(run.home.warehouse) as con:
        state = read_state(con)
        return RunInputs(state, verdict_rows(run, state), correction_request_rows(run, con))


def read_models(run: Run) -> pl.DataFrame:
    """Return the stored models (STORED_MODELS)."""
    with open_writer(run.home.warehouse) as con:
        return read_current(con, "models")


def read_mapped_offers(run: Run, catalog: str) -> pl.DataFrame:
    """Return the mapping offers that a catalogue last stated, with the status and speed it gave."""
    state = _read_state(run)
    listed = state.listings.filter(pl.col("feed") == catalog).select(
        "offer_id", "status", "request_latency_ms"
    )
    return state.offers.join(listed, on="offer_id").filter(
        pl.col("provider_model_id").is_not_null()
    )


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
