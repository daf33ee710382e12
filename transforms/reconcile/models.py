"""The models relation: what was last said of each model that ever had an offer."""

from __future__ import annotations

import polars as pl

from schemas.state import STORED_MODELS

_DAILY = (
    "library_name",
    "licence",
    "likes",
    "downloads",
    "parameters",
    "gated",
    "created_at",
    "modified_at",
)


def models_after(
    stored: pl.DataFrame,
    offers: pl.DataFrame,
    listings: pl.DataFrame,
    hub: pl.DataFrame | None,
    *,
    details: bool,
) -> pl.DataFrame:
    """Return STORED_MODELS after a run.

    `hub` holds the models of a whole Hub answer, None when there was none; its daily fields count
    only when the query asked for them (`details`), so that not asking never erases.
    """
    seen = offers.group_by("model_id", maintain_order=True).agg(pl.col("first_seen_at").min())
    rows = seen.join(_modalities(offers, listings), on="model_id", how="left").join(
        stored.drop("input_modalities", "output_modalities", "first_seen_at"),
        on="model_id",
        how="left",
    )
    if hub is not None:
        fresh = ("hub_id", "pipeline_tag", *(_DAILY if details else ()))
        told = hub.select(
            "model_id",
            *(pl.col(name).alias(f"_{name}") for name in fresh),
            _told=pl.lit(value=True),
        )
        rows = rows.join(told, on="model_id", how="left").with_columns(
            pl.when(pl.col("_told")).then(f"_{name}").otherwise(name).alias(name) for name in fresh
        )
    return STORED_MODELS.shape(rows)


def _modalities(offers: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """What goes in and comes out, as the first feed that says so says it."""
    return (
        listings.filter(pl.col("input_modalities").is_not_null())
        .join(offers.select("offer_id", "model_id"), on="offer_id")
        .sort("model_id", "offer_id", "feed")
        .unique("model_id", keep="first", maintain_order=True)
        .select("model_id", "input_modalities", "output_modalities")
    )
