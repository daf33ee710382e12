"""The check of status flips: many offers of a provider that stopped being live at once."""

from __future__ import annotations

import polars as pl

from transforms.checks.check import Check, CheckInputs
from transforms.gate.coverage import LEAST, SHARE


def _find_flips(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per provider; nothing is held, because an outage must be visible."""
    live = inputs.before.cards.filter(pl.col("status") == "live").select("offer_id")
    return (
        live.join(inputs.after.cards.select("offer_id", "status"), on="offer_id")
        .join(inputs.after.offers.select("offer_id", "inference_provider"), on="offer_id")
        .group_by("inference_provider")
        .agg(was=pl.len(), is_now=(pl.col("status") == "live").sum())
        .join(inputs.settled.live, on="inference_provider", how="left")
        .with_columns(pl.col("was", "is_now").cast(pl.Int64) + pl.col("offers").fill_null(0))
        .filter((pl.col("was") >= LEAST) & (pl.col("is_now") <= SHARE * pl.col("was")))
        .sort("inference_provider")
        .select(
            "inference_provider",
            expected=pl.format("{} live", "was"),
            observed=pl.format("{} live", "is_now"),
            message=pl.format(
                "{}: of {} live offers {} are live still", "inference_provider", "was", "is_now"
            ),
        )
    )


STATUS_CHECKS = (
    Check(
        "status_flips",
        "warn",
        _find_flips,
        "Half or more of a provider's live offers stopped being live at once; cards show it.",
        "Nothing: it is reported when the offers stop being live.",
        every_run=True,
    ),
)
