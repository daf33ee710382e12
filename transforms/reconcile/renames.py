"""Step 0 of a run: the stored rows under the names that their models have today.

A rename moves all present offers of a model at once, whether an answer lists them or not: it is no
absence, and no drop protects the name of before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from schemas.delta import State
from schemas.state import CARDS, CLAIMS, LISTINGS, OFFERS
from transforms.identity import router_model, with_offer_id
from transforms.reconcile.batch import FeedBatch
from transforms.reconcile.previous_prices import renamed
from transforms.resolve.model_names import find_moves

RENAMED = "renamed"
NO_PAIRS = pl.DataFrame(schema={"old_offer_id": pl.String, "new_offer_id": pl.String})
_TRIPLE = ["source", "model_id", "inference_provider", "task"]


@dataclass(frozen=True)
class RenamedState:
    """`state`: the stored rows under the names of today; offers with both names.

    `moved` and `returned` have old_offer_id and new_offer_id: of present offers (of several with
    one new id the first continues), and of ended offers that are listed again under another name.
    `known` are the ids of offers that were ever seen, without those of another model that had the
    name before, `reused` those of which that is true; `unstated` the ids that no answer has stated
    so far.
    """

    state: State
    moved: pl.DataFrame
    returned: pl.DataFrame
    known: pl.Series
    reused: pl.Series
    unstated: pl.Series


def rename_state(before: State, batches: list[FeedBatch]) -> RenamedState:
    """Give the stored rows the names that the catalogue's answer of this run gives their models."""
    own = _own_offers(before)
    catalog = next((batch for batch in batches if batch.models is not None), None)
    if catalog is None or before.models.is_empty():
        none = own["offer_id"].clear()
        return RenamedState(before, NO_PAIRS, NO_PAIRS, own["offer_id"], none, none)
    moves = find_moves(before.models, catalog.models)
    pairs = _pairs(before, own, moves)
    present = pl.concat([before.listings["offer_id"], before.cards["offer_id"]]).unique()
    moved = pairs.filter(pl.col("old_offer_id").is_in(present.implode()) & pl.col("moves_now"))
    moved = pl.concat([moved.select(NO_PAIRS.columns), _absorbed(before.offers, moved, present)])
    stated = pl.concat([batch.statements["offer_id"] for batch in batches]).unique()
    others = pairs.filter(~pl.col("new_offer_id").is_in(moved["new_offer_id"].implode()))
    returned = _returned(before, others, present, stated)
    # of a model that moves now, an offer that ended before has its name no more either
    old_ids = pl.concat([moved["old_offer_id"], pairs.filter("moves_now")["old_offer_id"]])
    left = _missing_from(old_ids.unique(maintain_order=True), moved["new_offer_id"])
    known = _missing_from(own["offer_id"], left)
    unknown = _missing_from(before.offers["offer_id"], pl.concat([known, moved["new_offer_id"]]))
    reused = unknown.filter(unknown.is_in(stated.implode()))
    begun = _new_rows(before, pairs, moved).with_columns(
        first_seen_at=pl.lit(catalog.observation.observed_at)
    )
    offers = pl.concat(
        [
            before.offers.filter(~pl.col("offer_id").is_in(reused.implode())),
            OFFERS.shape(begun),
        ]
    )
    return RenamedState(
        state=_moved_state(replace(before, offers=offers), moved),
        moved=moved,
        returned=returned,
        known=pl.concat([known, returned["new_offer_id"]]).unique(maintain_order=True),
        reused=reused,
        unstated=begun["offer_id"],
    )


def _moved_state(before: State, moved: pl.DataFrame) -> State:
    """Return the listings, claims and cards under the ids that `moved` gives their offers."""
    if moved.is_empty():
        return before
    listings = _listings(before, moved)
    return replace(
        before,
        listings=LISTINGS.shape(listings),
        claims=_claims(before.claims, listings),
        cards=renamed(before.cards, moved, CARDS),
    )


def _own_offers(before: State) -> pl.DataFrame:
    """Return the offers of the models that have their names today.

    A name can be used again: an offer that ended before its model began was of another model.
    """
    models = before.models.select("model_id", "renamed_to", _began="first_seen_at")
    return before.offers.join(models, on="model_id", how="left", maintain_order="left").filter(
        pl.col("renamed_to").is_null()
        & (pl.col("gone_at") <= pl.col("_began")).fill_null(value=False).not_()
    )


def _pairs(before: State, own: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """Return old_offer_id, OFFERS under the name of today as `new_offer_id`, `moves_now`.

    Of every offer whose model had another name; those that move now first, in the order of
    `moves`.
    """
    had_before = (
        before.models.filter(pl.col("renamed_to").is_not_null())
        .select("model_id", "renamed_to")
        .join(moves, left_on="renamed_to", right_on="model_id", how="left")
        .select("model_id", name_today=pl.coalesce("name_today", "renamed_to"))
    )
    now = moves.join(own.select(*OFFERS.dtypes), on="model_id", maintain_order="left_right")
    ended = had_before.join(before.offers, on="model_id", maintain_order="left_right")
    rows = pl.concat(
        [
            frame.with_columns(moves_now=pl.lit(flag)).select(
                *OFFERS.dtypes, "name_today", "moves_now"
            )
            for frame, flag in ((now, True), (ended, False))
        ]
    )
    rows = rows.rename({"offer_id": "old_offer_id"}).with_columns(model_id="name_today")
    return (
        with_offer_id(rows)
        .with_columns(router_model=router_model())
        .rename({"offer_id": "new_offer_id"})
        .filter(pl.col("old_offer_id") != pl.col("new_offer_id"))
    )


def _absorbed(offers: pl.DataFrame, moved: pl.DataFrame, present: pl.Series) -> pl.DataFrame:
    """Return the offers that only a router listed under the new name, before the catalogue did.

    Each is the one offer that its model, provider and task has now; where there are several, the
    router's answer attaches to one of them.
    """
    targets = (
        moved.filter(pl.col("provider_model_id").is_not_null())
        .unique("new_offer_id", maintain_order=True)
        .filter(pl.len().over(_TRIPLE) == 1)
    )
    routed = offers.filter(
        pl.col("provider_model_id").is_null()
        & pl.col("offer_id").is_in(present.implode())
        & ~pl.col("offer_id").is_in(moved["old_offer_id"].implode())
    )
    return (
        routed.join(targets.select(*_TRIPLE, "new_offer_id"), on=_TRIPLE)
        .select("new_offer_id", old_offer_id="offer_id")
        .select(NO_PAIRS.columns)
    )


def _returned(
    before: State, pairs: pl.DataFrame, present: pl.Series, stated: pl.Series
) -> pl.DataFrame:
    """Return the ended offers that are listed under a name of today: the last one of each."""
    is_new = ~pl.col("new_offer_id").is_in(before.offers["offer_id"].implode())
    return (
        pairs.filter(
            ~pl.col("old_offer_id").is_in(present.implode())
            & pl.col("new_offer_id").is_in(stated.implode())
            & (is_new | pl.col("moves_now"))
        )
        .sort("new_offer_id", "gone_at", "old_offer_id")
        .unique("new_offer_id", keep="last", maintain_order=True)
        .select(NO_PAIRS.columns)
    )


def _listings(before: State, moved: pl.DataFrame) -> pl.DataFrame:
    """Return the listings with `_old_id`; of two of one offer the one that is missed less."""
    names = moved.select("new_offer_id", offer_id="old_offer_id")
    return (
        before.listings.join(names, on="offer_id", how="left", maintain_order="left")
        .with_columns(
            _old_id="offer_id",
            offer_id=pl.coalesce("new_offer_id", "offer_id"),
            _moved=pl.col("new_offer_id").is_not_null(),
            _place=pl.int_range(pl.len()),
        )
        .sort("missed", ~pl.col("_moved"), "_place")
        .unique(["offer_id", "feed"], keep="first", maintain_order=True)
        .sort("_place")
    )


def _claims(claims: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return the claims of those listings under their ids."""
    ids = listings.select("feed", _new_id="offer_id", offer_id="_old_id")
    return CLAIMS.shape(
        claims.join(ids, on=["offer_id", "feed"], maintain_order="left").with_columns(
            offer_id="_new_id"
        )
    )


def _new_rows(before: State, pairs: pl.DataFrame, moved: pl.DataFrame) -> pl.DataFrame:
    """Return the offers that no run knew under their names of today, not dated."""
    return (
        pairs.join(moved, on=NO_PAIRS.columns, how="semi", maintain_order="left")
        .rename({"new_offer_id": "offer_id"})
        .unique("offer_id", keep="first", maintain_order=True)
        .join(before.offers, on="offer_id", how="anti", maintain_order="left")
        .with_columns(last_seen_at=pl.lit(None), gone_at=pl.lit(None))
    )


def _missing_from(ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return the ids that are not among the others."""
    return ids.filter(~ids.is_in(others.implode()))
