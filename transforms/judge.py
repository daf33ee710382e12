"""The gate: which chosen claims may become what cards show, and which are held.

A held offer goes on with its last good price and says so; nothing of it is lost, because the
refused claim is recorded with its evidence all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.state import PRICES

PROVIDER_DRIFT_SHARE = 0.05
"""Above this share of unreadable price objects a whole (feed, provider) is held."""


@dataclass(frozen=True)
class Verdict:
    """`prices`: the chosen series after this run; `holds`: offer_id, hold_reason, and the first
    refused claim's feed, unit, amounts and values, one row per held offer."""

    prices: pl.DataFrame
    holds: pl.DataFrame


def judge(candidates: pl.DataFrame, current: pl.DataFrame, offers: pl.DataFrame) -> Verdict:
    """Part the candidates that may replace the current prices from those that are held.

    `candidates` are chosen claims with `observed_at` of their feed; `current` the former series;
    `offers` maps offer_id to inference_provider. Rules: a price does not become a bare zero; a
    price object that cannot be read replaces nothing; when more than 5 % of a provider's price
    objects in one feed cannot be read, none of that provider's prices moves and none is added; a
    provider that had no price before has no history to protect.
    """
    held = _held(candidates, current, offers)
    if held.is_empty():
        return Verdict(_as_prices(candidates, current), held)
    kept = current.join(held, on="offer_id", how="semi")
    passed = candidates.join(held, on="offer_id", how="anti")
    prices = pl.concat([_as_prices(passed, current), PRICES.shape(kept)])
    return Verdict(prices, held)


def _held(candidates: pl.DataFrame, current: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    stored = current.select(
        "offer_id", "unit", "tier", "shown_at", old_amount="amount", old_status="price_status"
    )
    pairs = (
        candidates.join(stored, on=["offer_id", "unit", "tier"], how="left")
        .join(offers.select("offer_id", "inference_provider"), on="offer_id", how="left")
        .join(_unreadable_share(candidates, offers), on=["feed", "inference_provider"], how="left")
        .with_columns(
            priced_before=pl.col("old_status").is_not_null().any().over("inference_provider")
        )
    )
    good = pl.col("old_status").is_in(["priced", "free"])
    unreadable = pl.col("price_status") == "unparsed"
    moved = pl.col("amount").ne_missing(pl.col("old_amount")) | pl.col("price_status").ne_missing(
        pl.col("old_status")
    )
    new_zero = (
        (pl.col("old_status") == "priced")
        & (pl.col("price_status") == "suspect")
        & (pl.col("reason") == "zero_not_stated_free")
    )
    reason = (
        pl.when(good & unreadable)
        .then(pl.lit("unreadable_price"))
        .when(good & new_zero)
        .then(pl.lit("new_zero"))
        .when((pl.col("unreadable") > PROVIDER_DRIFT_SHARE) & pl.col("priced_before") & moved)
        .then(pl.lit("provider_price_drift"))
    )
    return (
        pairs.with_columns(hold_reason=reason)
        .filter(pl.col("hold_reason").is_not_null())
        .sort("offer_id", "unit", "tier")
        .unique("offer_id", keep="first", maintain_order=True)
        .select(
            "offer_id",
            "inference_provider",
            "hold_reason",
            "feed",
            "unit",
            "tier",
            "old_amount",
            "raw_text",
            "price_status",
            "currency",
            "shown_at",
            candidate_amount=pl.col("amount"),
            candidate_native=pl.col("native_amount"),
            observed_at="observed_at",
            claim_reason="reason",
        )
    )


def _unreadable_share(candidates: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return feed, inference_provider, `unreadable`: of its priced offers those not readable."""
    return (
        candidates.group_by("feed", "offer_id")
        .agg(odd=(pl.col("price_status") == "unparsed").any())
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .group_by("feed", "inference_provider")
        .agg(unreadable=pl.col("odd").mean())
    )


def _as_prices(candidates: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Give each candidate its dates; a series never steps back behind its last interval.

    `valid_from` is the first answer of this proof, `changed_at` the last real change of the price:
    another feed that states the same amount is a new proof and no change.
    """
    same = ("amount", "price_status", "currency", "native_unit", "basis")
    stored = current.select(
        "offer_id",
        "unit",
        "tier",
        _from="valid_from",
        _changed="changed_at",
        **{f"_{name}": pl.col(name) for name in same},
    )
    rows = candidates.join(stored, on=["offer_id", "unit", "tier"], how="left").with_columns(
        valid_from=pl.max_horizontal("observed_at", "_from")
    )
    unchanged = pl.col("_changed").is_not_null() & pl.all_horizontal(
        *(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in same)
    )
    return PRICES.shape(
        rows.with_columns(changed_at=pl.when(unchanged).then("_changed").otherwise("valid_from"))
    )
