"""Find the checks whose decision changes in a run: decided by an operator, or out of date."""

from __future__ import annotations

import polars as pl

DECIDED = ["check_id", "decision", "decided_by", "decision_reason"]


def changed_decisions(
    before: pl.DataFrame, after: pl.DataFrame, verdicts: pl.DataFrame
) -> pl.DataFrame:
    """Return check_id, decision, decided_by, decision_reason of what changes, by check_id.

    `before` and `after` are REFUSALS, `verdicts` VERDICTS. A pending check whose price or drop is
    no longer held is `expired`: its source states something else by now.
    """
    pending = before.filter(pl.col("decision") == "pending")
    ended = pending.join(after, on="check_id", how="anti").select(
        "check_id",
        decision=pl.lit("expired"),
        decided_by=pl.lit(None, pl.String),
        decision_reason=pl.lit(None, pl.String),
    )
    now = verdicts.join(before, on="check_id", how="semi").select(DECIDED)
    expired = ended.join(now, on="check_id", how="anti").select(DECIDED)
    return pl.concat([now, expired]).sort("check_id")
