"""What the gate compares a price with besides other prices: sizes of models, and second sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from schemas.delta import State
from schemas.state import SERIES
from transforms.gate.unlike_candidates import PeerFacts
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.claims import ClaimUpdate
from transforms.reconcile.presence import Presence


def find_market_facts(
    before: State, presence: Presence, claims: ClaimUpdate, rules: Rules
) -> PeerFacts:
    """Return the sizes of models as last stated, and the candidates that a second source states."""
    return PeerFacts(
        sizes=sizes_of(presence.batches, before.models),
        confirmed=find_confirmed(claims.candidates, claims.claims, rules.sources),
    )


def find_confirmed(
    candidates: pl.DataFrame, claims: pl.DataFrame, sources: Mapping[str, str]
) -> pl.DataFrame:
    """Return SERIES of the candidates whose amount a feed of another source states too.

    Feeds of one source (the Hub's mapping and its router) are fed by one registration of the
    provider, so they repeat its slip; a provider's own list is another source.
    """
    others = claims.filter((pl.col("price_status") == "priced") & (pl.col("basis") != "estimate"))
    same = [*SERIES, "amount", "currency", "price_status"]
    source = pl.col("feed").replace(dict(sources))
    return (
        candidates.select(*same, _source=source)
        .join(others.select(*same, _other=source), on=same)
        .filter(pl.col("_source") != pl.col("_other"))
        .select(*SERIES)
        .unique(maintain_order=True)
    )


def sizes_of(batches: Iterable[FeedBatch], stored: pl.DataFrame) -> pl.DataFrame:
    """Return `parameters` of each model, as stated now, else as stored (STORED_MODELS)."""
    known = stored.select("model_id", "parameters")
    stated = [
        batch.models.select("model_id", "parameters")
        for batch in batches
        if batch.models is not None
    ]
    return (
        pl.concat([*stated, known])
        .filter(pl.col("parameters").is_not_null())
        .unique("model_id", keep="first", maintain_order=True)
    )
