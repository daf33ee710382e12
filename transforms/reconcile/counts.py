"""Count the entries per feed and provider of a run, and the offers and prices on cards."""

from __future__ import annotations

import polars as pl

from schemas.delta import Delta, State
from schemas.load import Counts
from schemas.settled import Settled


def count_entries(
    parsed: dict[str, int], accepted: pl.DataFrame, rejected: pl.DataFrame, entries: pl.DataFrame
) -> pl.DataFrame:
    """Return feed, inference_provider, records, accepted, rejected; provider null is the whole.

    `parsed` has the records that each parser counted; `entries` (PROVIDER_ENTRIES) the parsed rows
    before any was rejected, counted apart, so that the sum is a check and no tautology; `accepted`
    (PROVIDER_ENTRIES) those that were not rejected, `rejected` a row for each other one.
    """
    key = ["feed", "inference_provider"]
    by_provider = (
        entries.group_by(key)
        .agg(records=pl.col("entries").sum())
        .join(
            accepted.group_by(key).agg(accepted=pl.col("entries").sum()),
            on=key,
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .join(
            rejected.group_by(key).agg(rejected=pl.len()),
            on=key,
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
        .with_columns(pl.col("records", "accepted", "rejected").fill_null(0).cast(pl.Int64))
        .filter(pl.col("inference_provider").is_not_null())
        .sort(key)
    )
    whole = pl.DataFrame(
        [
            {
                "feed": feed,
                "inference_provider": None,
                "records": records,
                "accepted": accepted.filter(pl.col("feed") == feed)["entries"].sum(),
                "rejected": rejected.filter(pl.col("feed") == feed).height,
            }
            for feed, records in sorted(parsed.items())
        ],
        schema=by_provider.schema,
    )
    return pl.concat([whole, by_provider])


def no_entries() -> pl.DataFrame:
    """Return the entries of a run that asked no feed."""
    return pl.DataFrame(
        schema={
            "feed": pl.String,
            "inference_provider": pl.String,
            "records": pl.Int64,
            "accepted": pl.Int64,
            "rejected": pl.Int64,
        }
    )


def tally(delta: Delta, after: State, settled: Settled | None = None, *, rejected: int) -> Counts:
    """Return the counts of a run, of all cards after it: those of `after`, and the settled ones."""
    settled = settled or Settled()
    cards = after.cards.join(
        after.offers.select("offer_id", "model_id", "offer_type"), on="offer_id"
    )
    kinds = pl.concat(
        [
            cards.group_by("offer_type", "price_status").agg(offers=pl.len().cast(pl.Int64)),
            settled.cards,
        ]
    )
    status, types = (
        dict(kinds.group_by(kind).agg(pl.col("offers").sum()).iter_rows())
        for kind in ("price_status", "offer_type")
    )
    return Counts(
        models=cards["model_id"].n_unique() + settled.models,
        offers=types.get("model", 0),
        adapters=types.get("adapter", 0),
        priced=status.get("priced", 0),
        free=status.get("free", 0),
        suspect=status.get("suspect", 0),
        unpriced=status.get("not_published", 0) + status.get("unparsed", 0),
        rejected=rejected,
        changes=delta.changes.height,
        holds=delta.holds.height,
    )
