"""Update a feed's listings and claims with its whole answer, and count absences.

Missing is not deleted: a listing stays, with its last good facts, until `gone_after` whole
answers in a row lacked it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from schemas.state import CLAIMS, LISTINGS


@dataclass(frozen=True)
class Observation:
    """A feed's whole answer: when it was observed (UTC), and when the one before was."""

    feed: str
    observed_at: datetime
    previous_at: datetime | None
    gone_after: int


def drop_moved(
    stored: pl.DataFrame, statements: pl.DataFrame, offers: pl.DataFrame
) -> pl.DataFrame:
    """Drop the listings of a price list whose triple this answer states for another offer.

    There an offering is of a (model, provider, task) and attaches to one offer: the offer that it
    left is moved, not missing, and two cards must not have one price.
    """
    triple = ["model_id", "inference_provider", "task"]
    named = stored.select("offer_id").join(offers.select("offer_id", *triple), on="offer_id")
    moved = named.join(statements.select(triple), on=triple, how="semi").join(
        statements, on="offer_id", how="anti"
    )
    return stored.join(moved, on="offer_id", how="anti")


def listings_after(
    stored: pl.DataFrame,
    statements: pl.DataFrame,
    unreadable: pl.DataFrame,
    observation: Observation,
    *,
    protected: pl.Series,
) -> pl.DataFrame:
    """Return this feed's listings after its answer: the listed ones, then those still missed.

    `stored` and `statements` hold this feed's rows only. `unreadable` has offer_id of offers
    whose absence is not known: they are neither listed nor missed. `protected` are ids whose
    absence is counted, and ends nothing.
    """
    listed = LISTINGS.shape(
        statements.with_columns(
            missed=pl.lit(0, pl.Int64), absent_from=pl.lit(None), last_seen_at=pl.lit(None)
        )
    )
    present = pl.col("offer_id").is_in(unreadable["offer_id"].implode())
    missed = stored.join(listed, on="offer_id", how="anti").with_columns(
        missed=pl.when(present).then("missed").otherwise(pl.col("missed") + 1),
        absent_from=pl.when(present)
        .then("absent_from")
        .otherwise(pl.col("absent_from").fill_null(pl.lit(observation.observed_at))),
        last_seen_at=pl.col("last_seen_at").fill_null(pl.lit(observation.previous_at)),
    )
    staying = missed.filter(
        (pl.col("missed") < observation.gone_after)
        | present
        | pl.col("offer_id").is_in(protected.implode())
    )
    return pl.concat([listed, LISTINGS.shape(staying)])


def claims_after(
    stored: pl.DataFrame, claims: pl.DataFrame, listings: pl.DataFrame
) -> pl.DataFrame:
    """Return this feed's claims after its answer: the new ones, and those of missed listings."""
    missed = listings.filter(pl.col("last_seen_at").is_not_null()).select("offer_id")
    return pl.concat([CLAIMS.shape(claims), stored.join(missed, on="offer_id", how="semi")])
