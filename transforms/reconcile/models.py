"""The models relation: the last stated facts of each model that ever had an offer."""

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
    catalog: pl.DataFrame | None,
    *,
    details: bool,
) -> pl.DataFrame:
    """Return STORED_MODELS after a run.

    `catalog` holds the models of a catalogue's whole answer, None when there was none; its daily
    fields count only when the query asked for them (`details`), so that not asking never erases.
    """
    seen = offers.group_by("model_id", maintain_order=True).agg(pl.col("first_seen_at").min())
    rows = seen.join(_modalities(offers, listings), on="model_id", how="left").join(
        stored.drop("input_modalities", "output_modalities", "first_seen_at"),
        on="model_id",
        how="left",
    )
    if catalog is not None:
        fresh = ("hub_id", "pipeline_tag", *(_DAILY if details else ()))
        stated = catalog.select(
            "model_id",
            *(pl.col(name).alias(f"_{name}") for name in fresh),
            _stated=pl.lit(value=True),
        )
        rows = rows.join(stated, on="model_id", how="left").with_columns(
            pl.when(pl.col("_stated")).then(f"_{name}").otherwise(name).alias(name)
            for name in fresh
        )
    return STORED_MODELS.shape(rows)


def _modalities(offers: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return the input and output types of each model, from the first feed that states them."""
    return (
        listings.filter(pl.col("input_modalities").is_not_null())
        .join(offers.select("offer_id", "model_id"), on="offer_id")
        .sort("model_id", "offer_id", "feed")
        .unique("model_id", keep="first", maintain_order=True)
        .select("model_id", "input_modalities", "output_modalities")
    )
