"""Reject the rows of a model that is on a walk under two names: it was renamed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from schemas.kept_rows import StoredFrames
from schemas.offerings import REJECTED
from transforms.parsing.parsed_feed import ParsedFeed

REPEATED = "hub_id:repeated"


def reject_superseded(parsed: ParsedFeed) -> ParsedFeed:
    """Reject the entries of the earlier names: the last name of each of the Hub's ids counts."""
    stated = parsed.names if parsed.parts else parsed.models
    models = stated.filter(pl.col("hub_id").is_not_null() & pl.col("hub_id").is_duplicated())
    names = models.filter(~pl.col("hub_id").is_last_distinct())["model_id"]
    if names.is_empty():
        return parsed
    replaced = pl.col("model_id").is_in(names.implode())
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
        parts=tuple(_WithoutModels(part, names) for part in parsed.parts),
        names=parsed.names.filter(~replaced),
        rejected=pl.concat(
            [
                parsed.rejected,
                _rejected(parsed.offerings.filter(replaced)),
                *(_rejected(part.read()[0].filter(replaced)) for part in parsed.parts),
            ]
        ),
    )


def _rejected(offerings: pl.DataFrame) -> pl.DataFrame:
    return REJECTED.shape(
        offerings.with_columns(
            record_key="model_id",
            reasons=pl.lit([REPEATED]),
            field=pl.lit("_id"),
            value_text="model_id",
        )
    )


@dataclass(frozen=True)
class _WithoutModels:
    """A part without the rows of some models; implements `StoredFrames`."""

    part: StoredFrames
    names: pl.Series

    def read(self) -> list[pl.DataFrame]:
        replaced = pl.col("model_id").is_in(self.names.implode())
        return [frame.filter(~replaced) for frame in self.part.read()]
