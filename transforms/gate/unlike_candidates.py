"""Choose which values of a run are compared with their peers, and remember what a person decided.

A price with which the gate deals anyway (a move of ten times, a value that cannot be read or that a
person rejected) is no peer: its last good price is, if it has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from schemas.settled import PEER_PRICES
from schemas.state import SERIES
from transforms.gate.holds import OpenHolds, known_decisions, known_refusals
from transforms.gate.peers import UNLIKE, find_unlike
from transforms.gate.price_rules import HOLD_FACTOR, UNLIKE_PEERS, candidate_text, moved_by

_VALUE = ["feed", *SERIES, "candidate"]
_PRICED = pl.col("price_status") == "priced"
_WAS_PRICED = pl.col("old_status") == "priced"


def _no_sizes() -> pl.DataFrame:
    return pl.DataFrame(schema={"model_id": pl.String, "parameters": pl.Int64})


def _none_confirmed() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(SERIES, pl.String))


@dataclass(frozen=True)
class PeerFacts:
    """What the peers of a price are found with: `sizes` has `parameters` per model_id.

    `confirmed` (SERIES) are prices that a second source states too, in the same amount.
    """

    sizes: pl.DataFrame = field(default_factory=_no_sizes)
    confirmed: pl.DataFrame = field(default_factory=_none_confirmed)


def find_unlike_candidates(
    prices: pl.DataFrame, pairs: pl.DataFrame, open_holds: OpenHolds
) -> pl.DataFrame:
    """Return UNLIKE: of `prices` (PEER_PRICES) those far from their peers, and those decided about.

    `pairs` are the rows of `compared`. A value that a person accepted or rejected as unlike its
    peers stays one for as long as its source states it, whatever its peers cost by then; so the
    decision stays valid.
    """
    decided = known_decisions(open_holds, UNLIKE_PEERS)
    remembered = (
        pairs.with_columns(candidate=candidate_text())
        .join(decided, on=_VALUE, how="semi")
        .select(*SERIES, unlike=pl.lit("as it was when a person decided"))
    )
    return pl.concat([UNLIKE, find_unlike(prices), remembered]).unique(
        list(SERIES), keep="first", maintain_order=True
    )


def peer_prices(
    pairs: pl.DataFrame,
    corrected: pl.DataFrame,
    offers: pl.DataFrame,
    market: PeerFacts,
    open_holds: OpenHolds,
) -> pl.DataFrame:
    """Return PEER_PRICES of a run's prices.

    `pairs` are the rows of `compared`, `corrected` the current prices that a person corrected: they
    are peers too.
    """
    valued = pairs.with_columns(candidate=candidate_text())
    refused = known_refusals(open_holds).filter(pl.col("decision") == "rejected")
    rejected = refused.select(*_VALUE, _rejected=pl.lit(value=True)).unique()
    usable = _PRICED & ~moved_by(HOLD_FACTOR) & pl.col("_rejected").is_null()
    stated = (
        valued.join(rejected, on=_VALUE, how="left")
        .join(
            market.confirmed.select(*SERIES, _confirmed=pl.lit(value=True)),
            on=list(SERIES),
            how="left",
        )
        .select(
            *SERIES,
            amount=pl.when(usable).then("amount").when(_WAS_PRICED).then("old_amount"),
            currency=pl.when(usable).then("currency").when(_WAS_PRICED).then("old_currency"),
            is_compared=usable & pl.col("_confirmed").is_null(),
            is_established=_WAS_PRICED & (pl.col("amount") == pl.col("old_amount")),
        )
    )
    kept = corrected.filter(_PRICED).select(
        *SERIES,
        "amount",
        "currency",
        is_compared=pl.lit(value=False),
        is_established=pl.lit(value=True),
    )
    models = offers.filter(pl.col("offer_type") == "model").select(
        "offer_id", "model_id", "inference_provider", "task_group"
    )
    prices = (
        pl.concat([stated, kept])
        .with_columns(pl.col("is_compared", "is_established").fill_null(value=False))
        .join(models, on="offer_id")
        .join(market.sizes, on="model_id", how="left")
    )
    return prices.select(PEER_PRICES.columns)
