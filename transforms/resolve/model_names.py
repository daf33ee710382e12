"""Which names are one model: the Hub's id survives a rename, and case distinguishes no two models.

The Hub keeps the `_id` of a repository through renames and transfers to another owner. Its ids are
unique ignoring case.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from schemas.offerings import MODELS

NO_MOVES = pl.DataFrame(schema={"model_id": pl.String, "name_today": pl.String})
NO_NAMES = pl.DataFrame(schema={"spelling": pl.String, "name_today": pl.String})
_FIRST_SPELLING = ["first_seen_at", "model_id"]


def find_moves(stored: pl.DataFrame, catalog: pl.DataFrame | None) -> pl.DataFrame:
    """Return `model_id` and `name_today` of the stored models (STORED_MODELS) with another name.

    `catalog` (MODELS) is a catalogue's whole answer, None where there was none. A model that it
    does not list keeps its name; of several spellings, that of the one which it listed before, else
    the first one. Those that the Hub's id proves come first.
    """
    catalog = MODELS.empty() if catalog is None else catalog
    by_hub_id = catalog.filter(pl.col("hub_id").is_not_null()).unique("hub_id", keep="last")
    by_spelling = catalog.select(_spelling=_spelling(), _spelled="model_id").unique("_spelling")
    current = (
        stored.filter(pl.col("renamed_to").is_null())
        .select("model_id", "hub_id", "first_seen_at", _spelling=_spelling())
        .join(by_hub_id.select("hub_id", _proven="model_id"), on="hub_id", how="left")
        .join(by_spelling, on="_spelling", how="left")
        .with_columns(_listed=pl.coalesce("_proven", "_spelled"))
    )
    kept = (
        current.filter(pl.col("_listed").is_null())
        .sort(pl.col("hub_id").is_null(), *_FIRST_SPELLING)
        .unique("_spelling", keep="first", maintain_order=True)
        .select("_spelling", _kept="model_id")
    )
    return (
        current.join(kept, on="_spelling", how="left")
        .with_columns(name_today=pl.coalesce("_listed", "_kept"))
        .filter(pl.col("name_today") != pl.col("model_id"))
        .sort(pl.col("_proven").is_null(), *_FIRST_SPELLING)
        .select("model_id", "name_today")
    )


def names_today(stored: pl.DataFrame, catalog: pl.DataFrame | None) -> pl.DataFrame:
    """Return `spelling` (a name in lower case) and `name_today` of every known name of a model.

    A name that the catalogue lists is that of the listed model, whoever had it before; then come
    the names that stored models have, then those that they had. What a name is today follows from
    the stored models of its spelling, and of that of the name which they have today.
    """
    catalog = MODELS.empty() if catalog is None else catalog
    stored = _without_unmoved(stored, catalog)
    moves = find_moves(stored, catalog)
    is_current = pl.col("renamed_to").is_null()
    kept = (
        stored.sort(~is_current, *_FIRST_SPELLING)
        .select("model_id", _name=pl.coalesce("renamed_to", "model_id"))
        .join(moves, left_on="_name", right_on="model_id", how="left", maintain_order="left")
        .select(spelling=_spelling(), name_today=pl.coalesce("name_today", "_name"))
    )
    listed = catalog.select(spelling=_spelling(), name_today="model_id")
    return pl.concat([listed, kept]).unique("spelling", keep="first", maintain_order=True)


def _without_unmoved(stored: pl.DataFrame, catalog: pl.DataFrame) -> pl.DataFrame:
    """Return the stored models without those that are listed as they are stored: nearly all.

    What is listed comes first among the names of today, and such a model has none but that.
    """
    single = catalog.filter(pl.col("hub_id").is_null() | pl.col("hub_id").is_unique())
    listed = single.select("model_id", _listed_id="hub_id")
    same_id = (pl.col("hub_id").is_null() | (pl.col("hub_id") == pl.col("_listed_id"))).fill_null(
        value=False
    )
    unmoved = (
        stored.filter(pl.col("renamed_to").is_null())
        .select("model_id", "hub_id")
        .join(listed, on="model_id")
        .filter(same_id)
    )
    return stored.join(unmoved, on="model_id", how="anti", maintain_order="left")


def unlisted_names(frames: Iterable[pl.DataFrame], catalog: pl.DataFrame | None) -> pl.DataFrame:
    """Return each `model_id` of the frames once that a catalogue's whole answer does not list.

    In no spelling: what it lists has that name today, whatever is stored.
    """
    written = pl.concat(frame.select("model_id") for frame in (NO_MOVES, *frames))
    names = written.drop_nulls().unique(maintain_order=True)
    if catalog is None:
        return names
    listed = catalog.select(_spelling=_spelling())
    return names.join(
        listed, left_on=_spelling(), right_on="_spelling", how="anti", maintain_order="left"
    )


def use_names_today(rows: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with the names (of `names_today`) that their models have today.

    `as_written` is whether the feed writes the name of today. Of a model that is not known, the
    first spelling counts.
    """
    spelled = rows.with_columns(_spelling=_spelling())
    return (
        spelled.join(
            names.select(_spelling="spelling", _today="name_today"),
            on="_spelling",
            how="left",
            maintain_order="left",
        )
        .with_columns(_today=pl.coalesce("_today", pl.col("model_id").first().over("_spelling")))
        .with_columns(as_written=pl.col("model_id") == pl.col("_today"), model_id="_today")
        .drop("_spelling", "_today")
    )


def _spelling() -> pl.Expr:
    return pl.col("model_id").str.to_lowercase()
