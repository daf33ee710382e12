"""Read from the warehouse what a run is reconciled with; no other step before the load reads it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import polars as pl

from pipeline.context import Run
from pipeline.correction_requests import correction_request_rows, verdict_rows
from schemas.delta import State
from transforms.gate.memory import PriceMemory
from transforms.reconcile.short_pages import EARLIER_WALKS
from transforms.resolve.attachments import stored_entries
from warehouse.connect import Connection, open_writer
from warehouse.writer.remembered_prices import read_offer_pairs, read_remembered_prices
from warehouse.writer.state import read_current, read_short_pages, read_state


@dataclass(frozen=True)
class RunInputs:
    """What comes from the warehouse and from operators: VERDICTS and CORRECTION_REQUESTS."""

    state: State
    verdicts: pl.DataFrame
    correction_requests: pl.DataFrame
    memory: PriceMemory
    short_pages: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Feed → the short pages of its last whole walks, the newest first."""


def load_inputs(run: Run) -> RunInputs:
    """Read the stored rows and what operators decided; UsageError for a decision out of date."""
    with open_writer(run.home.warehouse) as con:
        state = _without_compared(run, read_state(con))
        return RunInputs(
            state,
            verdict_rows(run, state),
            correction_request_rows(run, con),
            _read_memory(run, con),
            read_short_pages(con, walks=EARLIER_WALKS),
        )


def _without_compared(run: Run, state: State) -> State:
    """Leave out when feeds answered that are only compared: they date no fact of an offer."""
    compared = {feed.name for feed in run.feeds if feed.spec.role == "cross_check"}
    kept = {feed: at for feed, at in state.observed.items() if feed not in compared}
    return replace(state, observed=kept)


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


def _read_memory(run: Run, con: Connection) -> PriceMemory:
    """Return what the gate remembers, counted back from the run's logical time."""
    oldest = {
        feed.name: run.today - timedelta(days=entry.memory_days)
        for feed, entry in run.fetched_feeds()
    }
    return PriceMemory(
        prices=read_remembered_prices(con, oldest=min(oldest.values())),
        links=read_offer_pairs(con),
        oldest=oldest,
    )


def _read_state(run: Run) -> State:
    """Return the warehouse's current rows; they are large, so no caller keeps them."""
    with open_writer(run.home.warehouse) as con:
        return read_state(con)
