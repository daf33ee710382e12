"""Tell which findings change their decision in a run: decided by a person, or out of date."""

from __future__ import annotations

import polars as pl

DECIDED = ["check_id", "decision", "decided_by", "decision_reason"]


def decided(before: pl.DataFrame, after: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Return check_id, decision, decided_by, decision_reason of what changes, by check_id.

    `before` and `after` are REFUSALS. A finding that nobody decided and that is refused no longer
    is `expired`: its source states something else by now.
    """
    waited = before.filter(pl.col("decision") == "pending")
    over = waited.join(after, on="check_id", how="anti").select(
        "check_id",
        decision=pl.lit("expired"),
        decided_by=pl.lit(None, pl.String),
        decision_reason=pl.lit(None, pl.String),
    )
    now = verdicts.join(before, on="check_id", how="semi").select(DECIDED)
    left = over.join(now, on="check_id", how="anti").select(DECIDED)
    return pl.concat([now, left]).sort("check_id")
