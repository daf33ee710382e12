"""Find offers that continue under another name: same model, provider and task, new id.

The Hub names what only the router knew, a providerId changes, or the Hub drops its entry while
the router still offers the model.
"""

from __future__ import annotations

import polars as pl

_TRIPLE = ["source", "model_id", "inference_provider", "task"]


def find_relabels(
    offers: pl.DataFrame, stored_ids: pl.Series, listings: pl.DataFrame
) -> pl.DataFrame:
    """Return `old_offer_id`, `new_offer_id`, `reason` of offers that changed their name now.

    Only where exactly one offer of a triple is no longer stated by anyone (each listing of it is
    missed) and exactly one appeared: anything else would be a guess. `offers` names both sides,
    `stored_ids` the offers that were present before, `listings` is the state after the answers.
    """
    stated = listings.group_by("offer_id").agg(pl.col("missed").min())
    vanished = stated.filter(
        (pl.col("missed") > 0) & pl.col("offer_id").is_in(stored_ids.implode())
    )
    appeared = stated.filter(
        (pl.col("missed") == 0) & ~pl.col("offer_id").is_in(stored_ids.implode())
    )
    gone_already = offers.filter(
        pl.col("offer_id").is_in(stored_ids.implode())
        & ~pl.col("offer_id").is_in(stated["offer_id"].implode())
    ).select("offer_id")
    old = _single(offers, pl.concat([vanished.select("offer_id"), gone_already]), "old_offer_id")
    new = _single(offers, appeared, "new_offer_id")
    reason = relabel_reason("old_offer_id_name", "new_offer_id_name")
    return (
        old.join(new, on=_TRIPLE)
        .select("old_offer_id", "new_offer_id", reason=reason)
        .sort("new_offer_id")
    )


def relabel_reason(old_name: str, new_name: str) -> pl.Expr:
    """Return why an offer has another id, by the columns of its old and its new provider id."""
    return (
        pl.when(pl.col(old_name).is_null())
        .then(pl.lit("hub_named_it"))
        .when(pl.col(new_name).is_null())
        .then(pl.lit("hub_dropped_it"))
        .otherwise(pl.lit("provider_id_changed"))
    )


def after_renames(relabels: pl.DataFrame, moved: pl.DataFrame, *, reason: str) -> pl.DataFrame:
    """Return the relabels from the ids before a rename, ordered by the new id.

    `relabels` is of `find_relabels` after the rename, `moved` has old_offer_id and new_offer_id of
    the offers that the rename moved. An offer of which two names changed at once is one link.
    """
    then = relabels.select(_last_id="new_offer_id", new_offer_id="old_offer_id")
    renames = moved.join(then, on="new_offer_id", how="left", maintain_order="left").select(
        "old_offer_id",
        new_offer_id=pl.coalesce("_last_id", "new_offer_id"),
        reason=pl.lit(reason),
    )
    others = relabels.filter(~pl.col("old_offer_id").is_in(moved["new_offer_id"].implode()))
    return pl.concat([renames, others]).sort("new_offer_id", maintain_order=True)


def _single(offers: pl.DataFrame, ids: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return the offers of those ids that are the only one of their triple."""
    return (
        offers.join(ids.select("offer_id"), on="offer_id", how="semi")
        .filter(pl.len().over(_TRIPLE) == 1)
        .select(
            *_TRIPLE,
            pl.col("offer_id").alias(name),
            pl.col("provider_model_id").alias(f"{name}_name"),
        )
    )
