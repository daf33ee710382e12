"""Checks of the gate: what it refuses, which absences it does not believe, what moved far."""

from __future__ import annotations

import polars as pl

from transforms.gate.coverage import LEAST, SHARE
from transforms.money import amount_as_text


def check_refusals(refused: pl.DataFrame) -> pl.DataFrame:
    """One row per refused price: the value that cards keep and the one that was refused.

    `refused` has the id and the decision that the gate remembers.
    """
    kept = amount_as_text("old_amount")
    return refused.select(
        "check_id",
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        "name",
        "decision",
        severity=pl.lit("hold"),
        passed=pl.lit(value=False),
        expected=kept.fill_null("none"),
        observed=pl.concat_str(
            [
                pl.col("price_status"),
                pl.lit(" "),
                pl.coalesce("raw_text", "reason", pl.lit("")),
            ]
        ),
        old_amount=pl.col("old_amount"),
        candidate_amount=pl.col("amount"),
        message=pl.format(
            "{} now states {} per {} {} ({}); cards {} until this is decided",
            "feed",
            pl.coalesce("raw_text", pl.lit("no readable price")),
            pl.col("native_quantity").cast(pl.Int64),
            "native_unit",
            pl.coalesce("reason", "name"),
            pl.when(kept.is_null())
            .then(pl.lit("show no number"))
            .otherwise(pl.format("keep {} per one {}", kept.fill_null(""), "unit")),
        ),
    )


def check_drops(drops: pl.DataFrame) -> pl.DataFrame:
    """One row per provider of which an answer lacks too much; what is missing stays as it was."""
    what = (
        pl.when(pl.col("name") == "count_drop")
        .then(pl.lit("offers"))
        .otherwise(pl.lit("priced offers"))
    )
    return drops.select(
        "check_id",
        "feed",
        "inference_provider",
        "name",
        "decision",
        severity=pl.lit("hold"),
        passed=pl.lit(value=False),
        expected=pl.format("{} {}", "was", what),
        observed=pl.format("{} {}", "is_now", what),
        message=pl.format(
            "{} states {} of {} {} of {}; the missing ones stay as they were until this is decided",
            "feed",
            "is_now",
            "was",
            what,
            pl.coalesce("inference_provider", pl.lit("its small providers together")),
        ),
    )


def check_moves(moves: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """One row per price that moved far, though not so far that it is held."""
    named = offers.select("offer_id", "model_id")
    return moves.join(named, on="offer_id", how="left", maintain_order="left").select(
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        name=pl.lit("large_price_move"),
        severity=pl.lit("warn"),
        passed=pl.lit(value=False),
        expected=amount_as_text("old_amount"),
        observed=amount_as_text("amount"),
        old_amount=pl.col("old_amount"),
        candidate_amount=pl.col("amount"),
        message=pl.format(
            "{} at {}: {} went from {} to {} per one {}",
            "model_id",
            "inference_provider",
            "feed",
            amount_as_text("old_amount"),
            amount_as_text("amount"),
            "unit",
        ),
    )


def check_flips(before: pl.DataFrame, after: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """One row per provider of which half or more of the live offers stopped being live at once.

    Both frames are cards. Nothing is held: an outage is to be seen.
    """
    live = before.filter(pl.col("status") == "live").select("offer_id")
    return (
        live.join(after.select("offer_id", "status"), on="offer_id")
        .join(offers.select("offer_id", "inference_provider"), on="offer_id")
        .group_by("inference_provider")
        .agg(was=pl.len(), is_now=(pl.col("status") == "live").sum())
        .filter((pl.col("was") >= LEAST) & (pl.col("is_now") <= SHARE * pl.col("was")))
        .sort("inference_provider")
        .select(
            "inference_provider",
            name=pl.lit("status_flips"),
            severity=pl.lit("warn"),
            passed=pl.lit(value=False),
            expected=pl.format("{} live", "was"),
            observed=pl.format("{} live", "is_now"),
            message=pl.format(
                "{}: of {} live offers {} are live still", "inference_provider", "was", "is_now"
            ),
        )
    )
