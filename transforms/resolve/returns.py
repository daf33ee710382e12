"""Find offers that return under another name: gone for a while, then listed with a new id."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from transforms.gate.families import with_family
from transforms.resolve.relabels import relabel_reason


def find_returns(
    stored: pl.DataFrame,
    offers: pl.DataFrame,
    models: pl.DataFrame,
    listings: pl.DataFrame,
    *,
    oldest: datetime | None,
) -> pl.DataFrame:
    """Return `old_offer_id`, `new_offer_id`, `reason` of gone offers that are back with a new id.

    Only where exactly one id of a family appeared, none else of it is listed, and one offer of it
    ended last, at `oldest` or later: anything else would be a guess. `stored` are the offers before
    this run, `offers` those after it, `models` has model_id and hub_id, `listings` are those of
    feeds that list offers.
    """
    listed = with_family(
        offers.join(listings.select("offer_id").unique(), on="offer_id", how="semi"), models
    )
    new = listed.filter(pl.len().over("family") == 1).join(stored, on="offer_id", how="anti")
    if new.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(_COLUMNS, pl.String))
    gone = with_family(stored.filter(pl.col("gone_at").is_not_null()), models)
    if oldest is not None:
        gone = gone.filter(pl.col("gone_at") >= oldest)
    last = gone.filter(pl.col("gone_at") == pl.col("gone_at").max().over("family")).filter(
        pl.len().over("family") == 1
    )
    renamed = pl.col("old_model").str.to_lowercase() != pl.col("model_id").str.to_lowercase()
    return (
        new.join(
            last.select(
                "family",
                old_offer_id="offer_id",
                old_name="provider_model_id",
                old_model="model_id",
            ),
            on="family",
        )
        .select(
            "old_offer_id",
            new_offer_id="offer_id",
            reason=pl.when(renamed)
            .then(pl.lit("renamed"))
            .otherwise(relabel_reason("old_name", "provider_model_id")),
        )
        .sort("new_offer_id")
    )


_COLUMNS = ("old_offer_id", "new_offer_id", "reason")
