"""Reject the rows of a model that is on a walk under two names: it was renamed meanwhile."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from schemas.offerings import REJECTED
from transforms.parsing.collector import ParsedFeed

REPEATED = "hub_id:repeated"


def reject_superseded(parsed: ParsedFeed) -> ParsedFeed:
    """Reject the entries of the earlier names: the last name of each of the Hub's ids counts."""
    models = parsed.models.filter(pl.col("hub_id").is_not_null() & pl.col("hub_id").is_duplicated())
    names = models.filter(~pl.col("hub_id").is_last_distinct())["model_id"]
    if names.is_empty():
        return parsed
    replaced = pl.col("model_id").is_in(names.implode())
    rejected = REJECTED.shape(
        parsed.offerings.filter(replaced).with_columns(
            record_key="model_id",
            reasons=pl.lit([REPEATED]),
            field=pl.lit("_id"),
            value_text="model_id",
        )
    )
    summary = parsed.summary
    return replace(
        parsed,
        summary=replace(
            summary,
            distinct=summary.distinct - len(names),
            repeats=summary.repeats + len(names),
        ),
        offerings=parsed.offerings.filter(~replaced),
        models=parsed.models.filter(~replaced),
        rejected=pl.concat([parsed.rejected, rejected]),
    )
