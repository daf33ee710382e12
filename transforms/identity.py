"""Which offer a row belongs to: the five names that make it, and the id made of them."""

from __future__ import annotations

from hashlib import sha256

import polars as pl

IDENTITY = ("source", "model_id", "inference_provider", "task", "provider_model_id")
CHAT = "conversational"


def with_offer_id(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `offer_id`: the first 16 hex of sha256 over the five names joined by U+001F.

    A missing provider_model_id counts as ''.
    """
    joined = frame.select(
        pl.concat_str([pl.col(name).fill_null("") for name in IDENTITY], separator="\x1f")
    ).to_series()
    ids = [sha256(text.encode()).hexdigest()[:16] for text in joined]
    return frame.with_columns(offer_id=pl.Series(ids, dtype=pl.String))


def router_model() -> pl.Expr:
    """`org/model:provider`, the name that the router takes; null where it routes no such task."""
    return pl.when(pl.col("task") == CHAT).then(
        pl.format("{}:{}", "model_id", "inference_provider")
    )
