"""The gate: which chosen claims become current prices, and which are held.

A held offer keeps its last good price and is marked as held; nothing is lost, because the held
claim is recorded with its evidence all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from schemas.contract import MONEY, UTC_TIME
from schemas.delta import HOLDS
from schemas.settled import Settled
from schemas.state import PRICES, SERIES
from schemas.units import is_main
from transforms.feed_times import feed_time
from transforms.gate.coverage import find_drops, in_groups
from transforms.gate.holds import (
    OpenHolds,
    blocking,
    known_refusals,
    match_known_drops,
    match_known_prices,
)
from transforms.gate.memory import Recalled, add_recalled, restore_alone, restore_held
from transforms.gate.price_rules import (
    CORRECTED,
    WARN_FACTOR,
    compared,
    find_held_prices,
    moved_by,
    withhold_amounts,
)
from transforms.gate.unlike_candidates import PeerFacts, find_unlike_candidates, peer_prices


@dataclass(frozen=True)
class GateInputs:
    """What the gate compares.

    `candidates` are the chosen claims with `observed_at` of their feed, `claims` those of all
    feeds; `previous` the series before this run, under the names that their offers have now.
    `offers` has offer_id, inference_provider and gone_at, `listed` the ids that are listed now.
    `active_corrections` are series whose current price is a correction, `missing` offers (HOLDS)
    whose absence a drop protects, `observed` the time of each feed's last whole answer. `market` is
    what prices are compared with besides each other, `recalled` the prices of series that return,
    `settled` what counts of models that are in no frame.
    """

    candidates: pl.DataFrame
    claims: pl.DataFrame
    previous: pl.DataFrame
    offers: pl.DataFrame
    listed: pl.Series
    active_corrections: pl.DataFrame
    missing: pl.DataFrame
    open_holds: OpenHolds
    observed: Mapping[str, datetime]
    market: PeerFacts = field(default_factory=PeerFacts)
    recalled: Recalled = field(default_factory=Recalled)
    settled: Settled = field(default_factory=Settled)


@dataclass(frozen=True)
class GateResult:
    """`prices`: the chosen series after the gate; `holds`: HOLDS; `open_holds`: REFUSALS.

    `held_prices` and `drops` are the findings of this run for the checks (`remembered_at`: when the
    price was last stated that a returning one was compared with), `moves` the large moves
    that passed. `recalled` (REMEMBERED) are the last good prices of the returning series that
    pass, `restored` the series of held offers that the gate put back. `doubted` are the ids of
    settled offers whose price is unlike its peers by now.
    """

    prices: pl.DataFrame
    holds: pl.DataFrame
    open_holds: pl.DataFrame
    held_prices: pl.DataFrame
    drops: pl.DataFrame
    moves: pl.DataFrame
    recalled: pl.DataFrame
    restored: pl.DataFrame
    doubted: pl.Series


def apply_gate(inputs: GateInputs) -> GateResult:
    """Separate the candidates that replace the current prices from those that are held.

    A refused main price holds its offer. An additional one, of other tokens or another tier, is
    held alone: the offer's other prices go on.
    transforms/gate/price_rules.py has the rules for prices, transforms/gate/coverage.py those for
    shares.
    """
    previous, offers, recalled = inputs.previous, inputs.offers, inputs.recalled.good
    corrections = _keep_corrections(inputs)
    candidates = corrections.candidates
    pairs = compared(candidates, add_recalled(previous, recalled), offers)
    unlike = _find_unlike(inputs, pairs, corrections.kept)
    found = find_held_prices(
        pairs,
        known_refusals(inputs.open_holds),
        unlike,
        stated=_stated(inputs),
        settled=inputs.settled,
    )
    matched = match_known_prices(found, inputs.open_holds)
    held_prices = (
        found.drop("name")
        .hstack(matched.select("check_id", "decision", "name", "since_at"))
        .join(
            recalled.select(*SERIES, remembered_at="seen_at"),
            on=list(SERIES),
            how="left",
            maintain_order="left",
        )
    )
    blocked = blocking(held_prices)
    lost = _lost_prices(inputs)
    refused = blocked.filter(~pl.col("withheld"))
    holds = pl.concat([_holds(refused.filter(is_main())), lost.holds, inputs.missing]).unique(
        "offer_id", keep="first", maintain_order=True
    )
    held = pl.col("offer_id").is_in(holds["offer_id"].implode())
    alone = refused.filter(~is_main() & ~held)
    restored = _restored(inputs, holds, alone)
    old = pl.concat([previous.filter(held), previous.join(alone, on=list(SERIES), how="semi")])
    kept = pl.concat([PRICES.shape(old), restored, corrections.kept.filter(~held)])
    passed = (
        withhold_amounts(candidates, blocked)
        .join(holds, on="offer_id", how="anti")
        .join(alone, on=list(SERIES), how="anti")
    )
    return GateResult(
        prices=pl.concat([_as_prices(passed, previous, held_prices, offers), kept]),
        holds=holds.sort("offer_id"),
        open_holds=pl.concat([matched, lost.open_holds]),
        held_prices=held_prices,
        drops=lost.found,
        moves=pairs.filter(moved_by(WARN_FACTOR)).join(held_prices, on=list(SERIES), how="anti"),
        recalled=recalled.join(holds, on="offer_id", how="anti"),
        restored=restored.select(SERIES),
        doubted=unlike.join(inputs.settled.prices.select(SERIES), on=list(SERIES), how="semi")[
            "offer_id"
        ].unique(),
    )


def _find_unlike(inputs: GateInputs, pairs: pl.DataFrame, corrected: pl.DataFrame) -> pl.DataFrame:
    """Return UNLIKE of the candidates and of settled prices, unless it was found before."""
    if inputs.settled.unlike is not None:
        return inputs.settled.unlike
    prices = peer_prices(pairs, corrected, inputs.offers, inputs.market, inputs.open_holds)
    with_settled = pl.concat([prices, inputs.settled.prices])
    return find_unlike_candidates(with_settled, pairs, inputs.open_holds)


def _restored(inputs: GateInputs, holds: pl.DataFrame, alone: pl.DataFrame) -> pl.DataFrame:
    """Return PRICES: the remembered prices of held offers, and of series held by themselves."""
    previous, recalled = inputs.previous, inputs.recalled.good
    rows = [restore_held(holds, previous, recalled), restore_alone(alone, previous, recalled)]
    return PRICES.shape(pl.concat(rows))


def _stated(inputs: GateInputs) -> pl.DataFrame:
    """Return the claims of prices that cards can show, with the provider of each."""
    providers = inputs.offers.select("offer_id", "inference_provider")
    return inputs.claims.filter(
        (pl.col("basis") != "estimate") & (pl.col("price_status") != "not_published") & is_main()
    ).join(providers, on="offer_id", how="left")


@dataclass(frozen=True)
class _KeptCorrections:
    """`kept` (PRICES): the corrected prices that stay; `candidates`: what is left to decide."""

    kept: pl.DataFrame
    candidates: pl.DataFrame


def _keep_corrections(inputs: GateInputs) -> _KeptCorrections:
    """Keep the corrected price of each active correction, also of a series that returns.

    Where none is known any more, the source still states what an operator overrode: the amount is
    withheld.
    """
    key, is_corrected = list(SERIES), pl.col("reason") == CORRECTED
    active = inputs.candidates.join(inputs.active_corrections, on=key, how="semi")
    current = PRICES.shape(inputs.previous.filter(is_corrected)).join(active, on=key, how="semi")
    returning = active.join(inputs.previous, on=key, how="anti")
    again = PRICES.shape(
        inputs.recalled.corrected.join(returning.select(*key, "observed_at"), on=key).with_columns(
            valid_from="observed_at", changed_at="observed_at", until=pl.lit(None, UTC_TIME)
        )
    )
    kept = pl.concat([current, again])
    wrong = active.join(kept, on=key, how="anti").with_columns(
        amount=pl.lit(None, MONEY),
        price_status=pl.lit("suspect"),
        reason=pl.lit(CORRECTED),
    )
    rest = inputs.candidates.join(active, on=key, how="anti", maintain_order="left")
    return _KeptCorrections(kept, pl.concat([rest, wrong.select(rest.columns)]))


@dataclass(frozen=True)
class _LostPrices:
    """Providers of which too many priced offers have no price now, and the offers held for it."""

    found: pl.DataFrame
    open_holds: pl.DataFrame
    holds: pl.DataFrame


def _lost_prices(inputs: GateInputs) -> _LostPrices:
    stated = inputs.candidates.filter(is_main())
    priced = _priced_offers(inputs.previous, inputs.offers, inputs.listed)
    observed_at = feed_time("feed", inputs.observed)
    settled = inputs.settled.priced
    still = _still_priced(stated, priced, inputs.offers)
    found = find_drops(priced, still, name="coverage_drop", settled=settled).with_columns(
        observed_at=observed_at
    )
    matched = match_known_drops(found, inputs.open_holds)
    unpriced = in_groups(priced, blocking(matched), settled).join(stated, on="offer_id", how="anti")
    return _LostPrices(
        found=found.hstack(matched.select("check_id", "decision")),
        open_holds=matched,
        holds=_holds(unpriced.with_columns(name=pl.lit("coverage_drop"), observed_at=observed_at)),
    )


def _priced_offers(previous: pl.DataFrame, offers: pl.DataFrame, listed: pl.Series) -> pl.DataFrame:
    """Return one row per listed offer with a main price: who serves it, which feed stated it."""
    return (
        previous.filter(is_main() & pl.col("offer_id").is_in(listed.implode()))
        .sort(SERIES)
        .unique("offer_id", keep="first", maintain_order=True)
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .select(
            "offer_id", "feed", "inference_provider", "currency", "seen_at", old_amount="amount"
        )
    )


def _still_priced(stated: pl.DataFrame, priced: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return feed, inference_provider and offer_id of what has a price now, of any feed.

    An offer is counted under the feed that stated its price before: if another
    feed states one now, nothing is missing.
    """
    return (
        stated.unique("offer_id", keep="first", maintain_order=True)
        .select("offer_id", _now="feed")
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .join(priced.select("offer_id", "feed"), on="offer_id", how="left")
        .select(pl.coalesce("feed", "_now").alias("feed"), "inference_provider", "offer_id")
    )


def _holds(rows: pl.DataFrame) -> pl.DataFrame:
    """Return HOLDS from rows with `name`, the first held unit of each offer."""
    absent = [name for name in ("unit", "tier", "amount") if name not in rows.columns]
    named = rows.with_columns(**{name: pl.lit(None) for name in absent}).rename(
        {"name": "hold_reason", "amount": "candidate_amount"}
    )
    return HOLDS.shape(named).sort(SERIES).unique("offer_id", keep="first", maintain_order=True)


def _as_prices(
    candidates: pl.DataFrame,
    previous: pl.DataFrame,
    held_prices: pl.DataFrame,
    offers: pl.DataFrame,
) -> pl.DataFrame:
    """Give each candidate its dates; none is before its offer, or steps back behind its series.

    `valid_from` is the first answer of this proof (of a price that was held and is accepted by now,
    the first that was held), `changed_at` the last real change of the price: another feed that
    states the same amount is a new proof and no change.
    """
    same = ("amount", "price_status", "currency", "native_unit", "basis")
    stored = previous.select(
        *SERIES,
        _from="valid_from",
        _changed="changed_at",
        **{f"_{name}": pl.col(name) for name in same},
    )
    rows = (
        candidates.join(stored, on=list(SERIES), how="left")
        .join(held_prices.select(*SERIES, "since_at"), on=list(SERIES), how="left")
        .join(offers.select("offer_id", "first_seen_at", "gone_at"), on="offer_id", how="left")
        .with_columns(
            valid_from=pl.max_horizontal(
                pl.coalesce("since_at", "observed_at"), "_from", "first_seen_at", "gone_at"
            )
        )
    )
    unchanged = pl.col("_changed").is_not_null() & pl.all_horizontal(
        *(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in same)
    )
    return PRICES.shape(
        rows.with_columns(changed_at=pl.when(unchanged).then("_changed").otherwise("valid_from"))
    )
