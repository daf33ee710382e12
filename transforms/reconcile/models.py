"""The models relation: the last stated facts of each model that ever had an offer."""

from __future__ import annotations

import polars as pl

from schemas.state import STORED_MODELS
from transforms.resolve.model_names import NO_MOVES, find_moves

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
    seen = offers.group_by("model_id", maintain_order=True).agg(
        _first=pl.coalesce(
            pl.col("first_seen_at").filter(pl.col("gone_at").is_null()).min(),
            pl.col("first_seen_at").min(),
        ),
        _listed=pl.col("gone_at").is_null().any(),
    )
    rows = (
        seen.join(_modalities(offers, listings), on="model_id", how="left")
        .join(
            _by_name(stored, seen, catalog).drop("input_modalities", "output_modalities"),
            on="model_id",
            how="left",
        )
        .with_columns(first_seen_at=pl.coalesce("first_seen_at", "_first"))
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
        # an answer without the id takes none away
        rows = rows.with_columns(hub_id=pl.coalesce("hub_id", "_hub_id_before"))
    return STORED_MODELS.shape(rows)


def _by_name(
    stored: pl.DataFrame, seen: pl.DataFrame, catalog: pl.DataFrame | None
) -> pl.DataFrame:
    """Return the stored rows by the names of today, with `_hub_id_before`.

    A name that a model had before points to that of today, until another model has it.
    """
    moves = NO_MOVES if catalog is None else find_moves(stored, catalog)
    moves = moves.join(seen, left_on="name_today", right_on="model_id", how="semi")
    current = stored.filter(pl.col("renamed_to").is_null())
    moved = moves.join(current, on="model_id", maintain_order="left").with_columns(
        model_id="name_today"
    )
    named = pl.concat(
        [
            moved.select(stored.columns),
            current.join(moves, on="model_id", how="anti", maintain_order="left"),
        ]
    ).unique("model_id", keep="first", maintain_order=True)
    had_before = (
        stored.join(
            moves.select(_had="model_id", _has="name_today"),
            left_on=pl.coalesce("renamed_to", "model_id"),
            right_on="_had",
            how="left",
        )
        .with_columns(renamed_to=pl.coalesce("_has", "renamed_to"))
        .filter(pl.col("renamed_to").is_not_null())
        .select(stored.columns)
        .join(named, on="model_id", how="anti")
        .join(seen.filter("_listed"), on="model_id", how="anti")
    )
    return pl.concat([named, had_before]).with_columns(_hub_id_before="hub_id")


def _modalities(offers: pl.DataFrame, listings: pl.DataFrame) -> pl.DataFrame:
    """Return the input and output types of each model, from the first feed that states them."""
    return (
        listings.filter(pl.col("input_modalities").is_not_null())
        .join(offers.select("offer_id", "model_id"), on="offer_id")
        .sort("model_id", "offer_id", "feed")
        .unique("model_id", keep="first", maintain_order=True)
        .select("model_id", "input_modalities", "output_modalities")
    )
