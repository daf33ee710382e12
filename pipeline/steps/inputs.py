"""Read from the warehouse what a run is reconciled with; no other step before the load reads it.

A run looks at the models that its answers change or of which something waits. The others are
settled: neither their stored rows nor their stated ones go through the steps after this one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import polars as pl

from pipeline.context import Run
from pipeline.correction_requests import correction_request_rows, verdict_rows
from pipeline.steps.price import NO_STATEMENTS, PricedFeed, PricedRows
from pipeline.steps.providers import describe_all
from schemas.delta import State
from schemas.settled import Settled
from schemas.state import CLAIMS, STORED_MODELS
from transforms.gate.memory import PriceMemory
from transforms.reconcile.short_pages import EARLIER_WALKS
from warehouse.connect import Connection, open_writer
from warehouse.writer.remembered_prices import read_offer_pairs, read_remembered_prices
from warehouse.writer.state import read_current, read_short_pages, read_state
from warehouse.writer.touched import (
    Requested,
    StatedRows,
    mark_touched,
    read_offer_providers,
    read_settled,
    read_settled_models,
    read_touched_models,
    read_touched_state,
    touch_every_offer,
)

_RULES = ("code_version", "rules_version", "registry_hash", "claims_hash", "settings")
"""What a run record has of the rules by which prices and cards are made."""


@dataclass(frozen=True)
class RunInputs:
    """What comes from the warehouse and from operators: VERDICTS and CORRECTION_REQUESTS.

    `state` has the rows of the touched models, `settled` what counts of the others; `providers`
    (PROVIDERS) are described as of today.
    """

    state: State
    providers: pl.DataFrame
    verdicts: pl.DataFrame
    correction_requests: pl.DataFrame
    memory: PriceMemory
    short_pages: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Feed → the short pages of its last whole walks, the newest first."""
    settled: Settled = field(default_factory=Settled)
    settled_models: pl.DataFrame = field(default_factory=STORED_MODELS.empty)
    """The settled models (STORED_MODELS) of which the daily facts changed."""
    touched: pl.Series | None = None
    """The names of the touched models; None: the run looks at every model."""
    also: Callable[[Collection[str]], RunInputs] | None = None
    """Reads the inputs again, with the models of these offers touched too."""

    @property
    def is_first(self) -> bool:
        """Whether nothing is stored: no offer was ever seen, and no feed answered whole."""
        return self.state.offers.is_empty() and not self.state.observed


def load_inputs(run: Run, priced: PricedRows) -> RunInputs:
    """Read the stored rows and what operators decided; UsageError for a decision out of date."""
    return _load(run, priced, ())


def _load(run: Run, priced: PricedRows, doubted: Collection[str]) -> RunInputs:
    """Read the inputs; `doubted` are ids of offers whose models are looked at in any case."""
    with open_writer(run.home.warehouse) as con:
        requests = correction_request_rows(run, con)
        stored = read_current(con, "providers")
        providers = describe_all(run, priced, stored, read_offer_providers(con))
        touched, settled, models = None, Settled(), STORED_MODELS.empty()
        if _rules_are_the_same(run):
            offers = [*doubted, *requests["offer_id"]]
            described = _described_otherwise(stored, providers)
            requested = Requested(offers, described, details=run.record.details)
            mark_touched(con, (_stated_rows(run, part) for part in priced.parts()), requested)
            touched, settled = read_touched_models(con), read_settled(con)
            state, models = read_touched_state(con), read_settled_models(con)
        else:
            touch_every_offer(con)
            state = read_state(con)
        state = _without_compared(run, state)
        return RunInputs(
            state,
            providers,
            verdict_rows(run, state),
            requests,
            _read_memory(run, con),
            read_short_pages(con, walks=EARLIER_WALKS),
            settled,
            models,
            touched,
            also=lambda offers: _load(run, priced, [*doubted, *offers]),
        )


def _rules_are_the_same(run: Run) -> bool:
    """Return whether the run before made of the same answers what this one would make of them."""
    if run.last is None:
        return False
    before = run.folder.landing.run_of(run.last.run_id)
    return before is not None and all(
        getattr(before.record, name) == getattr(run.record, name) for name in _RULES
    )


def _described_otherwise(stored: pl.DataFrame, providers: pl.DataFrame) -> list[str]:
    """Return the providers that are new, or whose reason for having no price list changed."""
    key = ["inference_provider", "price_feed_reason"]
    changed = providers.select(key).join(stored, on=key, how="anti", nulls_equal=True)
    return changed["inference_provider"].to_list()


def _stated_rows(run: Run, part: Mapping[str, PricedFeed]) -> StatedRows:
    feeds = {
        feed.name: part[feed.name]
        for feed in run.feeds
        if feed.name in part and feed.spec.role != "cross_check"
    }
    models = [part[feed.name].models for feed in run.catalogs() if feed.name in feeds]
    none = CLAIMS.empty()
    return StatedRows(
        pl.concat([NO_STATEMENTS, *(own.statements for own in feeds.values())]),
        pl.concat([none, *(own.claims.select(none.columns) for own in feeds.values())]),
        models[0] if models else None,
        tuple(feeds),
    )


def _without_compared(run: Run, state: State) -> State:
    """Leave out when feeds answered that are only compared: they date no fact of an offer."""
    compared = {feed.name for feed in run.feeds if feed.spec.role == "cross_check"}
    kept = {feed: at for feed, at in state.observed.items() if feed not in compared}
    return replace(state, observed=kept)


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
