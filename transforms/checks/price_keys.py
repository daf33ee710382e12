"""Find the keys of price objects that the parser does not know, once each per provider."""

from __future__ import annotations

from hashlib import sha256

import polars as pl

from schemas.unknown_keys import MARK, SEPARATOR, marked

PROVIDER_DRIFT = "provider_price_drift"
_GROUP = ["feed", "inference_provider", "key"]


NO_MARKED = pl.DataFrame(
    schema=dict.fromkeys(("offer_id", "feed", "inference_provider", "reason"), pl.String)
)
"""Claims beside a key that the parser does not know."""


def marked_claims(claims: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return the claims (NO_MARKED) of CLAIMS that a key marks, with the provider of each."""
    return (
        claims.filter(marked())
        .join(offers.select("offer_id", "inference_provider"), on="offer_id", how="left")
        .select(NO_MARKED.columns)
    )


def find_unknown_keys(claims: pl.DataFrame) -> pl.DataFrame:
    """Return one row per feed, provider and key of the claims (NO_MARKED).

    The row has passed: the numbers beside the key go on counting where they are confirmed. Its id
    names the feed, the provider and the key, so that the key is reported once.
    """
    names = pl.col("reason").str.strip_prefix(MARK).str.split(SEPARATOR)
    found = (
        claims.select("offer_id", "feed", "inference_provider", key=names)
        .explode("key")
        .group_by(_GROUP)
        .agg(offers=pl.col("offer_id").n_unique())
        .sort(_GROUP)
    )
    ids = [_id_of(*row) for row in found.select(_GROUP).iter_rows()]
    return found.select(
        "feed",
        "inference_provider",
        check_id=pl.Series(ids, dtype=pl.String),
        passed=pl.lit(value=True),
        expected=pl.lit("known keys"),
        observed=pl.format(MARK + "{}", "key"),
        message=pl.format(
            "{} states the key {} in the prices of {} offers of {}, which the parser does not "
            "know; the prices beside it count while they equal the last good ones or those of "
            "another feed",
            "feed",
            "key",
            "offers",
            "inference_provider",
        ),
    )


def _id_of(feed: str, provider: str | None, key: str) -> str:
    parts = [PROVIDER_DRIFT, feed, provider or "", key]
    return sha256("\x1f".join(parts).encode()).hexdigest()[:16]
