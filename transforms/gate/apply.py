"""The gate: which chosen claims may become what cards show, and which are held.

A held offer goes on with its last good price and says so; nothing of it is lost, because the
refused claim is recorded with its evidence all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from schemas.delta import HOLDS
from schemas.state import PRICES, SERIES
from transforms.gate.coverage import find_drops, in_groups
from transforms.gate.holds import (
    OpenHolds,
    blocking,
    known_rejections,
    match_known_drops,
    match_known_prices,
)
from transforms.gate.price_rules import (
    OUTSIDE_BOUNDS,
    WARN_FACTOR,
    compared,
    moved_by,
    refused_prices,
)
from transforms.reconcile.cards import feed_time

DOUBTED = "price_bounds"
"""A refusal without a hold: there is no last good price to go on with, so no number is shown."""


@dataclass(frozen=True)
class Verdict:
    """`prices`: the chosen series after this run; `holds`: HOLDS; `refusals`: what is refused now.

    `refused` and `drops` say for the checks what was seen, `moves` which large moves passed.
    """

    prices: pl.DataFrame
    holds: pl.DataFrame
    refusals: pl.DataFrame
    refused: pl.DataFrame
    drops: pl.DataFrame
    moves: pl.DataFrame


def judge(
    candidates: pl.DataFrame,
    current: pl.DataFrame,
    offers: pl.DataFrame,
    *,
    overruled: pl.DataFrame,
    listed: pl.Series,
    missing: pl.DataFrame,
    memory: OpenHolds,
    observed: Mapping[str, datetime],
) -> Verdict:
    """Part the candidates that may replace the current prices from those that are held.

    `candidates` are chosen claims with `observed_at` of their feed; `current` the former series;
    `offers` has offer_id, inference_provider and gone_at, `listed` the ids that are listed now.
    `overruled` are series that stand corrected, `missing` offers (HOLDS) whose absence is not
    believed, `observed` has the time of each feed's last whole answer. transforms/gate/price_rules.py has the
    rules for prices, transforms/gate/coverage.py for shares.
    """
    stated = candidates
    candidates = stated.join(overruled, on=list(SERIES), how="anti")
    pairs = compared(candidates, current, offers)
    found = refused_prices(pairs, known_rejections(memory))
    prices = match_known_prices(found, memory)
    refused = found.drop("name").hstack(prices.select("check_id", "decision", "name", "since_at"))
    closed = blocking(refused)
    priced = _priced_offers(current, offers, listed)
    lacking = find_drops(
        priced, _still_priced(stated, priced, offers), name="coverage_drop"
    ).with_columns(observed_at=feed_time("feed", observed))
    drops = match_known_drops(lacking, memory)
    silent = in_groups(priced, blocking(drops)).join(stated, on="offer_id", how="anti")
    holds = pl.concat(
        [
            _holds(closed.filter(pl.col("name") != DOUBTED)),
            _holds(
                silent.with_columns(
                    name=pl.lit("coverage_drop"), observed_at=feed_time("feed", observed)
                )
            ),
            missing,
        ]
    ).unique("offer_id", keep="first", maintain_order=True)
    held = pl.col("offer_id").is_in(holds["offer_id"].implode())
    kept = pl.concat(
        [current.filter(held), current.filter(~held).join(overruled, on=list(SERIES), how="semi")]
    )
    passed = _doubted(candidates, closed).join(holds, on="offer_id", how="anti")
    return Verdict(
        pl.concat([_as_prices(passed, current, refused, offers), PRICES.shape(kept)]),
        holds.sort("offer_id"),
        pl.concat([prices, drops]),
        refused,
        lacking.hstack(drops.select("check_id", "decision")),
        pairs.filter(moved_by(WARN_FACTOR)).join(refused, on=list(SERIES), how="anti"),
    )


def _priced_offers(current: pl.DataFrame, offers: pl.DataFrame, listed: pl.Series) -> pl.DataFrame:
    """Return one row per listed offer that has a price: who serves it, and which feed states it."""
    return (
        current.filter(pl.col("offer_id").is_in(listed.implode()))
        .sort(SERIES)
        .unique("offer_id", keep="first", maintain_order=True)
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .select(
            "offer_id", "feed", "inference_provider", "currency", "shown_at", old_amount="amount"
        )
    )


def _still_priced(stated: pl.DataFrame, priced: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return feed, inference_provider and offer_id of what has a price now, whoever states it.

    An offer is counted under the feed that stated its price before: another one that steps in
    leaves nothing missing.
    """
    return (
        stated.unique("offer_id", keep="first", maintain_order=True)
        .select("offer_id", _now="feed")
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .join(priced.select("offer_id", "feed"), on="offer_id", how="left")
        .select(pl.coalesce("feed", "_now").alias("feed"), "inference_provider", "offer_id")
    )


def _holds(rows: pl.DataFrame) -> pl.DataFrame:
    """Return HOLDS from rows with `name`, the first refused unit of each offer."""
    absent = [name for name in ("unit", "tier", "amount") if name not in rows.columns]
    named = rows.with_columns(**{name: pl.lit(None) for name in absent}).rename(
        {"name": "hold_reason", "amount": "candidate_amount"}
    )
    return HOLDS.shape(named).sort(SERIES).unique("offer_id", keep="first", maintain_order=True)


def _doubted(candidates: pl.DataFrame, closed: pl.DataFrame) -> pl.DataFrame:
    """Show no number where one lies outside the bounds of its unit and there is no history."""
    odd = closed.filter(pl.col("name") == DOUBTED).select(*SERIES, _odd=pl.lit(value=True))
    unsure = pl.col("_odd").is_not_null()
    return (
        candidates.join(odd, on=list(SERIES), how="left", maintain_order="left")
        .with_columns(
            amount=pl.when(~unsure).then("amount"),
            price_status=pl.when(unsure).then(pl.lit("suspect")).otherwise("price_status"),
            reason=pl.when(unsure).then(pl.lit(OUTSIDE_BOUNDS)).otherwise("reason"),
        )
        .drop("_odd")
    )


def _as_prices(
    candidates: pl.DataFrame, current: pl.DataFrame, refused: pl.DataFrame, offers: pl.DataFrame
) -> pl.DataFrame:
    """Give each candidate its dates; a series never steps back behind its last interval.

    `valid_from` is the first answer of this proof (of a price that was refused and is accepted by
    now, the first that was refused), `changed_at` the last real change of the price: another feed
    that states the same amount is a new proof and no change.
    """
    same = ("amount", "price_status", "currency", "native_unit", "basis")
    stored = current.select(
        *SERIES,
        _from="valid_from",
        _changed="changed_at",
        **{f"_{name}": pl.col(name) for name in same},
    )
    rows = (
        candidates.join(stored, on=list(SERIES), how="left")
        .join(refused.select(*SERIES, "since_at"), on=list(SERIES), how="left")
        .join(offers.select("offer_id", "gone_at"), on="offer_id", how="left")
        .with_columns(
            valid_from=pl.max_horizontal(pl.coalesce("since_at", "observed_at"), "_from", "gone_at")
        )
    )
    unchanged = pl.col("_changed").is_not_null() & pl.all_horizontal(
        *(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in same)
    )
    return PRICES.shape(
        rows.with_columns(changed_at=pl.when(unchanged).then("_changed").otherwise("valid_from"))
    )
