"""Update the offers relation: which appeared, which ended and when, why one has no price."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.delta import State
from schemas.state import OFFERS, SERIES
from schemas.units import is_main
from transforms.feed_times import feed_time

NO_STANDARD_PRICE = "no_standard_price"
"""The reason of an offer of which only prices of other tiers or of other tokens are stated."""


def offers_after(
    stored: pl.DataFrame, answers: list[tuple[datetime, pl.DataFrame]]
) -> pl.DataFrame:
    """Return OFFERS with the stated ones added; adapter rule and type as last stated.

    `answers` has each whole answer's time and statements.
    """
    names = [name for name in OFFERS.dtypes if not name.endswith("_at")]
    stated = pl.concat(
        [
            OFFERS.empty(),
            *(
                OFFERS.shape(
                    statements.select(
                        *names,
                        first_seen_at=pl.lit(observed_at),
                        last_seen_at=pl.lit(None),
                        gone_at=pl.lit(None),
                    )
                )
                for observed_at, statements in answers
            ),
        ]
    ).unique("offer_id", keep="first", maintain_order=True)
    known = stored.select("offer_id", _first="first_seen_at")
    stated = OFFERS.shape(
        stated.join(known, on="offer_id", how="left").with_columns(
            first_seen_at=pl.coalesce("_first", "first_seen_at")
        )
    )
    rest = stored.join(stated, on="offer_id", how="anti")
    return pl.concat([rest, stated])


def gone_offers(
    before: State,
    listings: pl.DataFrame,
    relabels: pl.DataFrame,
    observed: Mapping[str, datetime],
    *,
    lists_offers: pl.Expr,
) -> pl.DataFrame:
    """Return offer_id, status, gone_at, last_seen_at, relabelled of offers that end in this run.

    `listings` are those of feeds that list offers. The end is the first answer that lacked the
    offer; of several feeds, the latest such. Where another feed stated a price of it after that, it
    is the last answer that lacks the offer: it is never before what the offer shows until then.
    That of a relabelled offer is `at` of `relabels`.
    """
    naming, others = (before.listings.filter(by) for by in (lists_offers, ~lists_offers))
    priced = others.group_by("offer_id").agg(
        _stated=pl.coalesce("last_seen_at", feed_time("feed", before.observed)).max()
    )
    started = before.prices.group_by("offer_id").agg(_priced=pl.col("valid_from").max())
    names = relabels.select(offer_id="old_offer_id", _named="at")
    ends = (
        naming.with_columns(
            absent_from=pl.col("absent_from").fill_null(feed_time("feed", observed)),
            last_seen_at=pl.col("last_seen_at").fill_null(feed_time("feed", before.observed)),
            _latest=feed_time("feed", observed),
        )
        .group_by("offer_id", maintain_order=True)
        .agg(pl.col("absent_from", "last_seen_at", "_latest").max())
        .join(priced, on="offer_id", how="left", maintain_order="left")
        .with_columns(
            gone_at=pl.when(pl.col("_stated") > pl.col("absent_from"))
            .then(pl.max_horizontal("_stated", "_latest"))
            .otherwise("absent_from")
        )
    )
    return (
        before.cards.select("offer_id", "status", "facts_since")
        .join(listings, on="offer_id", how="anti")
        .join(ends, on="offer_id", how="left")
        .join(started, on="offer_id", how="left")
        .join(names, on="offer_id", how="left")
        .select(
            "offer_id",
            "status",
            "last_seen_at",
            gone_at=pl.coalesce("_named", pl.max_horizontal("gone_at", "facts_since", "_priced")),
            relabelled=pl.col("_named").is_not_null(),
        )
        .sort("offer_id")
    )


def close_offers(offers: pl.DataFrame, listings: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """Date the offers that end, and undate those that are listed again."""
    listed = pl.col("offer_id").is_in(listings["offer_id"].unique().implode())
    ends = gone.select("offer_id", _gone="gone_at", _last="last_seen_at")
    return OFFERS.shape(
        offers.join(ends, on="offer_id", how="left").with_columns(
            gone_at=pl.when(~listed).then(pl.coalesce("_gone", "gone_at")),
            last_seen_at=pl.when(~listed).then(pl.coalesce("_last", "last_seen_at")),
        )
    )


def no_price_reasons(
    offers: pl.DataFrame, providers: pl.DataFrame, claims: pl.DataFrame
) -> pl.DataFrame:
    """Return per offer why it would have no price.

    That is the reason which its provider's list states (`claims` without a price), else that it
    states prices of other tiers or tokens only, else why that list is not read, else the provider's
    reason, else `not_stated`.
    """
    reasons = providers.select("inference_provider", no_price="price_feed_reason")
    unpriced = (
        claims.filter((pl.col("price_status") == "not_published") & is_main())
        .sort(*SERIES, "feed")
        .unique("offer_id", keep="first", maintain_order=True)
        .select("offer_id", claim_reason="reason")
    )
    number = pl.col("price_status").is_in(["priced", "free"]) & (pl.col("basis") != "estimate")
    beside = claims.filter(number & ~is_main()).select("offer_id").unique()
    list_reason = pl.when(pl.col("no_price").str.starts_with("list_")).then("no_price")
    adapter = pl.when(pl.col("offer_type") == "adapter").then(pl.lit("adapter_without_own_price"))
    return (
        offers.select("offer_id", "inference_provider", "offer_type", "task_group")
        .join(reasons, on="inference_provider", how="left")
        .join(unpriced, on="offer_id", how="left")
        .join(beside.with_columns(_beside=pl.lit(NO_STANDARD_PRICE)), on="offer_id", how="left")
        .select(
            "offer_id",
            no_price=pl.coalesce(
                "claim_reason", "_beside", list_reason, adapter, "no_price", pl.lit("not_stated")
            ),
        )
    )
