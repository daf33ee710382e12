"""Find offers that return under another name: gone for a while, then listed with another id."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from transforms.resolve.relabels import relabel_reason


def find_returns(
    stored: pl.DataFrame,
    offers: pl.DataFrame,
    groups: pl.DataFrame,
    listings: pl.DataFrame,
    *,
    oldest: datetime | None,
) -> pl.DataFrame:
    """Return `old_offer_id`, `new_offer_id`, `reason` of gone offers that are back with another id.

    Only where exactly one id of a family is listed, it was absent before, and one other id of the
    family ended last, at `oldest` or later: anything else would be a guess. An id that was used
    before must be linked with that one. `stored` are the offers before this run, `offers` those
    after it, `groups` has family and line of each, `listings` are those of feeds that list offers.
    """
    names = ("provider_model_id", "model_id")
    present = stored.filter(pl.col("gone_at").is_null())
    listed = groups.join(listings.select("offer_id").unique(), on="offer_id", how="semi")
    new = (
        listed.filter(pl.len().over("family") == 1)
        .join(present, on="offer_id", how="anti")
        .join(offers.select("offer_id", *names), on="offer_id")
    )
    gone = stored.filter(pl.col("gone_at").is_not_null()).join(groups, on="offer_id")
    if oldest is not None:
        gone = gone.filter(pl.col("gone_at") >= oldest)
    last = (
        gone.filter(pl.col("gone_at") == pl.col("gone_at").max().over("family"))
        .filter(pl.len().over("family") == 1)
        .select(
            "family",
            old_offer_id="offer_id",
            _line="line",
            _name="provider_model_id",
            _model="model_id",
        )
    )
    first_use = ~pl.col("offer_id").is_in(stored["offer_id"].implode())
    reason = (
        pl.when(pl.col("_model") != pl.col("model_id"))
        .then(pl.lit("renamed"))
        .otherwise(relabel_reason("_name", "provider_model_id"))
    )
    return (
        new.join(last, on="family")
        .filter(pl.col("old_offer_id") != pl.col("offer_id"))
        .filter(first_use | (pl.col("line") == pl.col("_line")))
        .select("old_offer_id", new_offer_id="offer_id", reason=reason)
        .sort("new_offer_id")
    )
