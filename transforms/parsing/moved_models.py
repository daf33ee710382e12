"""Reject the rows of a model that is on a walk under two names: it was renamed meanwhile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import polars as pl

from schemas.offerings import REJECTED
from transforms.parsing.collector import ParsedFeed

REPEATED = "hub_id:repeated"


@dataclass
class WalkNames:
    """The models of one walk: `spellings` in lower case, the last name of each of the Hub's ids.

    `superseded` are the names that a later row of the same repository replaced.
    """

    spellings: set[str] = field(default_factory=set)
    by_hub_id: dict[str, str] = field(default_factory=dict)
    superseded: set[str] = field(default_factory=set)

    def add(self, model_id: str, hub_id: str | None) -> None:
        """Keep the name of a model that is not a repeat."""
        self.spellings.add(model_id.lower())
        if hub_id is None:
            return
        if earlier := self.by_hub_id.get(hub_id):
            self.superseded.add(earlier)
        self.by_hub_id[hub_id] = model_id


def reject_superseded(parsed: ParsedFeed, names: Collection[str]) -> ParsedFeed:
    """Reject the entries of these names: the later name of each repository counts."""
    if not names:
        return parsed
    replaced = pl.col("model_id").is_in(list(names))
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
