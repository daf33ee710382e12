"""The pages that a parser reads, and the rows of a feed that it returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

import polars as pl

from schemas.kept_rows import NOTHING_KEPT, KeptRows, StoredFrames
from schemas.offerings import DRIFT, MODELS, OFFERINGS
from schemas.quotes import QUOTES
from transforms.parsing.fence import RowFailure


class Page(NamedTuple):
    """One landed answer: its bytes and their hash."""

    body: bytes
    payload_hash: str
    observed_at: datetime | None = None
    """When the feed stated it, None where that is not known."""
    about: str | None = None
    """The id that the request named, where the feed was asked about a single one."""
    status: int = 200
    """HTTP status; only a page about a single id may have another one."""
    url: str = ""
    """The address that gave it, for a feed whose answers do not repeat what was asked."""
    kept: KeptRows = NOTHING_KEPT
    """The rows that earlier runs made of this feed's pages."""


PROVIDER_ENTRIES = pl.DataFrame(
    schema={"feed": pl.String, "inference_provider": pl.String, "entries": pl.Int64}
)
"""How many entries of a feed are of a provider (null: not known)."""
NO_PARTS = MODELS.empty().select("model_id", "hub_id", part=pl.lit(0, pl.UInt32))


def count_by_provider(rows: pl.DataFrame) -> pl.DataFrame:
    """Return PROVIDER_ENTRIES of rows, or of counts of the same shape, of feeds and providers."""
    number = pl.col("entries").sum() if "entries" in rows.columns else pl.len()
    return (
        rows.group_by("feed", "inference_provider")
        .agg(entries=number.cast(pl.Int64))
        .sort("feed", "inference_provider")
    )


@dataclass(frozen=True)
class AnswerSummary:
    """What the checks use of one feed's answer: its counts and its unknown fields.

    `records` counts the entries; `rows` counts the models on the pages, which are `distinct`,
    `repeats` or `nameless`.
    """

    feed: str
    records: int
    rows: int
    distinct: int
    repeats: int
    nameless: int
    providers: pl.DataFrame
    """PROVIDER_ENTRIES of all records, before any is rejected."""
    drift: pl.DataFrame = field(default_factory=DRIFT.empty)


@dataclass(frozen=True)
class ParsedFeed:
    """The rows of one feed: each of its records is in `offerings`, `quotes` or `rejected`.

    Of a catalogue too large for memory, offerings and models are in `parts`, of whole models each.
    """

    summary: AnswerSummary
    rejected: pl.DataFrame
    offerings: pl.DataFrame = field(default_factory=OFFERINGS.empty)
    models: pl.DataFrame = field(default_factory=MODELS.empty)
    """The models that a catalogue states; empty for every other feed."""
    quotes: pl.DataFrame = field(default_factory=QUOTES.empty)
    """The prices that a provider's own list states of its ids; such a list has no `offerings`."""
    failures: tuple[RowFailure, ...] = ()
    """What our code raised about single rows, for the log; those rows are in `rejected`."""
    parts: tuple[StoredFrames, ...] = ()
    """Offerings and models of one part each; then `offerings` and `models` are empty."""
    names: pl.DataFrame = field(default_factory=NO_PARTS.clone)
    """model_id and hub_id of all models in `parts`, in order, and the position of their part."""

    def whole(self) -> ParsedFeed:
        """Return the feed with the rows of all parts in memory."""
        if not self.parts:
            return self
        frames = [part.read() for part in self.parts]
        offerings, models = (pl.concat(rows) for rows in zip(*frames, strict=True))
        return replace(self, offerings=offerings, models=models, parts=())
