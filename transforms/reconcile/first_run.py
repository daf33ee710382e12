"""Divide the first run of a home into parts: nothing is stored, so models share only their peers.

A part has whole models, under any spelling. What is found of one does not depend on the others, but
for prices that are unlike those of other models: these are found first, of all parts together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from schemas.delta import State
from schemas.offerings import MODELS
from schemas.remembered import REMEMBERED
from schemas.state import CLAIMS, OFFERS, PRICES
from transforms.gate.holds import OpenHolds
from transforms.gate.memory import add_recalled
from transforms.gate.peers import find_unlike
from transforms.gate.price_rules import compared
from transforms.gate.unlike_candidates import PeerFacts, peer_prices
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.confirmation import confirm_claims
from transforms.reconcile.market_facts import find_confirmed, sizes_of
from transforms.reconcile.previous_prices import current_series
from transforms.reconcile.selection import choose_claims, slot_unreadable

_Positions = list[pl.Series]
_OFFER = ("offer_id", "model_id", "inference_provider", "task_group", "offer_type")


@dataclass(frozen=True)
class Parts:
    """The answers of a first run, divided into `count` parts.

    `rows` has the positions of each part's rows: of statements, claims and models of each batch.
    """

    batches: Sequence[FeedBatch]
    count: int
    rows: Sequence[tuple[_Positions, _Positions, _Positions]]

    def __iter__(self) -> Iterator[list[FeedBatch]]:
        """Yield the batches of one part after the other."""
        for number in range(self.count):
            yield [
                replace(
                    batch,
                    statements=batch.statements[statements[number]],
                    claims=batch.claims[claims[number]],
                    models=None if batch.models is None else batch.models[models[number]],
                )
                for batch, (statements, claims, models) in zip(self.batches, self.rows, strict=True)
            ]


def divide(batches: Sequence[FeedBatch], *, part_rows: int) -> Parts:
    """Return the parts of a first run, each of about so many statements."""
    rows = sum(batch.statements.height for batch in batches)
    count = max(1, -(-rows // part_rows))
    return Parts(batches, count, [_positions(batch, count) for batch in batches])


def _positions(batch: FeedBatch, count: int) -> tuple[_Positions, _Positions, _Positions]:
    """Return the positions of each part's statements, claims and models of an answer."""
    part = (pl.col("model_id").str.to_lowercase().hash(seed=0) % count).alias("_part")
    statements = batch.statements.select("offer_id", part)
    claims = batch.claims.select("offer_id").join(
        statements.unique("offer_id"), on="offer_id", how="left", maintain_order="left"
    )
    models = MODELS.empty() if batch.models is None else batch.models
    parts = (statements["_part"], claims["_part"], models.select(part).to_series())
    return (
        _of_parts(parts[0], count),
        _of_parts(parts[1], count),
        _of_parts(parts[2], count),
    )


def _of_parts(parts: pl.Series, count: int) -> _Positions:
    """Return for each part the positions of its rows, in their order."""
    rows = pl.DataFrame({"_part": parts}).with_row_index("_row")
    found = dict(rows.group_by("_part", maintain_order=True).agg("_row").iter_rows())
    return [pl.Series("_row", found.get(number, []), pl.UInt32) for number in range(count)]


def find_unlike_first(parts: Iterable[list[FeedBatch]], rules: Rules) -> pl.DataFrame:
    """Return UNLIKE of a first run: of all models, the prices that are unlike their peers."""
    return find_unlike(pl.concat([_peer_prices(batches, rules) for batches in parts]))


def _peer_prices(batches: list[FeedBatch], rules: Rules) -> pl.DataFrame:
    """Return PEER_PRICES of a part."""
    stated = pl.concat(
        [OFFERS.empty().select(_OFFER), *(batch.statements.select(_OFFER) for batch in batches)]
    )
    offers = stated.unique("offer_id", keep="first", maintain_order=True)
    named = [batch.statements.filter(rules.lists_offers).select("offer_id") for batch in batches]
    claims = pl.concat([CLAIMS.empty(), *(CLAIMS.shape(batch.claims) for batch in batches)]).join(
        pl.concat(named), on="offer_id", how="semi"
    )
    none = current_series(State.empty())
    chosen = choose_claims(confirm_claims(claims, none), rules.precedence, none)
    candidates = slot_unreadable(chosen, none).with_columns(
        observed_at=pl.lit(None, none.schema["seen_at"])
    )
    pairs = compared(candidates, add_recalled(none, REMEMBERED.empty()), offers)
    market = PeerFacts(
        sizes=sizes_of(batches, State.empty().models),
        confirmed=find_confirmed(candidates, claims, rules.sources),
    )
    return peer_prices(pairs, PRICES.empty(), offers, market, OpenHolds())
