"""All current rows of the warehouse, and all that one run changes in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.contract import MONEY, UTC_TIME, Contract, contract
from schemas.state import (
    CARDS,
    CLAIMS,
    CORRECTIONS,
    LISTINGS,
    OFFERS,
    PRICES,
    PROVIDERS,
    REFUSALS,
    STORED_MODELS,
)

EVENTS = contract(
    "events",
    event=pa.Column(pl.String),
    offer_id=pa.Column(pl.String, nullable=True),
    unit=pa.Column(pl.String, nullable=True),
    tier=pa.Column(pl.String, nullable=True),
    old_amount=pa.Column(MONEY, nullable=True),
    new_amount=pa.Column(MONEY, nullable=True),
    old_value=pa.Column(pl.String, nullable=True),
    new_value=pa.Column(pl.String, nullable=True),
    currency=pa.Column(pl.String, nullable=True),
    not_before_at=pa.Column(UTC_TIME, nullable=True),
    occurred_at=pa.Column(UTC_TIME),
    inference_provider=pa.Column(pl.String, nullable=True),
)
"""`not_before_at` is the last answer that stated the previous value, null where there was none.

An event of a whole provider has `inference_provider` and no offer; any other event has an offer,
and no `inference_provider` of its own."""


CURRENT: dict[str, Contract] = {
    "offers": OFFERS,
    "listings": LISTINGS,
    "claims": CLAIMS,
    "prices": PRICES,
    "cards": CARDS,
    "models": STORED_MODELS,
    "providers": PROVIDERS,
    "refusals": REFUSALS,
    "corrections": CORRECTIONS,
}
"""The tables of current rows by name: the frames of a State, and the differences of a Delta."""

HOLDS = contract(
    "holds",
    key=("offer_id",),
    offer_id=pa.Column(pl.String),
    hold_reason=pa.Column(pl.String),
    feed=pa.Column(pl.String),
    unit=pa.Column(pl.String, nullable=True),
    tier=pa.Column(pl.String, nullable=True),
    currency=pa.Column(pl.String, nullable=True),
    old_amount=pa.Column(MONEY, nullable=True),
    candidate_amount=pa.Column(MONEY, nullable=True),
    seen_at=pa.Column(UTC_TIME, nullable=True),
    observed_at=pa.Column(UTC_TIME, nullable=True),
)
"""One row per held offer: the first held unit, null where the whole offer is held; `seen_at` is the
last answer that stated the price which the card keeps."""


@dataclass(frozen=True)
class Diff:
    """`added` and `changed` hold new rows, `removed` stored ones; all in the contract's columns."""

    added: pl.DataFrame
    changed: pl.DataFrame
    removed: pl.DataFrame

    @property
    def fresh(self) -> pl.DataFrame:
        """Rows to insert."""
        return pl.concat([self.added, self.changed])

    @property
    def stale(self) -> pl.DataFrame:
        """Rows to delete; of the changed ones the new state, whose key is the same."""
        return pl.concat([self.changed, self.removed])

    def also(self, rows: pl.DataFrame) -> Diff:
        """Return the difference with further changed rows."""
        return Diff(self.added, pl.concat([self.changed, rows]), self.removed)

    def without(self, rows: pl.DataFrame, *, on: list[str]) -> Diff:
        """Return the difference without the new rows whose key is in `rows`."""
        return Diff(
            self.added.join(rows, on=on, how="anti"),
            self.changed.join(rows, on=on, how="anti"),
            self.removed,
        )


@dataclass(frozen=True)
class Findings:
    """What the gate found, for the checks: held prices, drops, and large moves that passed."""

    held_prices: pl.DataFrame
    drops: pl.DataFrame
    moves: pl.DataFrame

    @staticmethod
    def none() -> Findings:
        """Return the findings of a run without a gate."""
        return Findings(pl.DataFrame(), pl.DataFrame(), pl.DataFrame())


@dataclass(frozen=True)
class State:
    """The current rows, each in its contract; `observed`: feed → time of its last whole answer."""

    offers: pl.DataFrame
    listings: pl.DataFrame
    claims: pl.DataFrame
    prices: pl.DataFrame
    cards: pl.DataFrame
    models: pl.DataFrame
    providers: pl.DataFrame
    observed: Mapping[str, datetime]
    refusals: pl.DataFrame
    corrections: pl.DataFrame

    @staticmethod
    def empty() -> State:
        """Return the state of a new home."""
        return State(**{name: shape.empty() for name, shape in CURRENT.items()}, observed={})


@dataclass
class Delta:
    """What one run writes: differences of current tables, and rows to append to the logs.

    `observed` maps every feed that was whole in this run to the time of its answer. `decided` has
    check_id, decision, decided_by and decision_reason of findings whose decision changes.
    """

    offers: Diff
    listings: Diff
    claims: Diff
    prices: Diff
    cards: Diff
    models: Diff
    providers: Diff
    refusals: Diff
    corrections: Diff
    claim_log: pl.DataFrame
    price_log: pl.DataFrame
    status_log: pl.DataFrame
    speed_log: pl.DataFrame
    changes: pl.DataFrame
    links: pl.DataFrame
    holds: pl.DataFrame
    found: Findings
    decided: pl.DataFrame
    observed: Mapping[str, datetime]

    def take(self, name: str) -> Any:
        """Return one part and forget it: rows that are written need not stay in memory too."""
        return self.__dict__.pop(name)
