"""Keep router offerings attached while the absence of a Hub entry is not believed."""

from __future__ import annotations

import polars as pl

from schemas.delta import State

_TRIPLE = ["source", "model_id", "inference_provider", "task"]
_NAMES = ["offer_id", "provider_model_id", "offer_type", "adapter_rule_id"]


def still_named(state: State, protected_absences: pl.DataFrame) -> pl.DataFrame:
    """Return the mapping offers that an answer lacks and that are not believed to be gone.

    One per model, provider and task, chosen as the router's offerings are attached: live first,
    then the lowest provider_model_id. `protected_absences` has feed and offer_id.
    """
    return (
        state.listings.join(protected_absences, on=["feed", "offer_id"], how="semi")
        .select("offer_id", _live=pl.col("status") != "live")
        .join(state.offers, on="offer_id")
        .filter(pl.col("provider_model_id").is_not_null())
        .sort(*_TRIPLE, "_live", "provider_model_id")
        .unique(_TRIPLE, keep="first", maintain_order=True)
        .select(*_TRIPLE, *(pl.col(name).alias(f"_{name}") for name in _NAMES))
    )


def stay_attached(
    statements: pl.DataFrame, claims: pl.DataFrame, named: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a routed feed's rows and claims; those without a mapped id take the one they had."""
    moved = statements.filter(pl.col("provider_model_id").is_null()).join(named, on=_TRIPLE)
    if moved.is_empty():
        return statements, claims
    rows = statements.join(
        moved.select("offer_id", *(f"_{name}" for name in _NAMES)),
        on="offer_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.when(pl.col("_offer_id").is_null()).then(name).otherwise(f"_{name}").alias(name)
        for name in _NAMES
    )
    ids = moved.select("offer_id", "_offer_id")
    moved_claims = claims.join(ids, on="offer_id", how="left", maintain_order="left").with_columns(
        offer_id=pl.coalesce("_offer_id", "offer_id")
    )
    return rows.select(statements.columns), moved_claims.select(claims.columns)
