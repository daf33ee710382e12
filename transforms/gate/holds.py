"""The gate's memory: a refusal is one finding for as long as the source states the same thing.

So a decision is remembered until the value changes again, and a value that comes back later is a
new finding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import polars as pl

from schemas.state import REFUSALS
from transforms.gate.coverage import SHARE

GROUPED = ("count_drop", "coverage_drop")
_PRICE_KEY = ["feed", "offer_id", "unit", "tier", "candidate"]
_GROUP_KEY = ["name", "feed", "inference_provider"]
_ID = ("name", "feed", "inference_provider", "offer_id", "unit", "tier", "candidate")

VERDICTS = pl.DataFrame(
    schema=dict.fromkeys(("check_id", "decision", "decided_by", "decision_reason"), pl.String)
)
"""An operator's decisions of one run."""


@dataclass(frozen=True)
class OpenHolds:
    """What was refused before, what was decided now, and which run it is."""

    refusals: pl.DataFrame = field(default_factory=REFUSALS.empty)
    verdicts: pl.DataFrame = field(default_factory=VERDICTS.clone)
    run_id: str = ""


def known_rejections(memory: OpenHolds) -> pl.DataFrame:
    """Return feed, offer_id, unit, tier, candidate and `name` of refused prices that are rejected.

    Those are refused whatever the rules say now, for as long as the source states them.
    """
    known = _decided(memory.refusals.filter(~pl.col("name").is_in(GROUPED)), memory)
    return known.filter(pl.col("decision") == "rejected").select(*_PRICE_KEY, "name")


def match_known_prices(found: pl.DataFrame, memory: OpenHolds) -> pl.DataFrame:
    """Return REFUSALS of refused prices, in the order of `found` (name, feed, series, candidate).

    One that says what an earlier one said is that one, whatever rule finds it now.
    """
    stored = memory.refusals.filter(~pl.col("name").is_in(GROUPED))
    known = found.join(
        stored.select(*_PRICE_KEY, "check_id", "decision", _name="name", _since="since_at"),
        on=_PRICE_KEY,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).with_columns(name=pl.coalesce("_name", "name"))
    return _decided(_named(known, memory.run_id), memory)


def match_known_drops(found: pl.DataFrame, memory: OpenHolds) -> pl.DataFrame:
    """Return REFUSALS of drops; one that goes on is one finding, however many come and go in it.

    An accepted drop stands until what is left falls below half of what was accepted.
    """
    stored = memory.refusals.filter(pl.col("name").is_in(GROUPED))
    known = found.join(
        stored.select(
            *_GROUP_KEY, "check_id", "decision", _candidate="candidate", _since="since_at"
        ),
        on=_GROUP_KEY,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    level = pl.col("_candidate").cast(pl.Int64)
    deeper = (pl.col("decision") == "accepted") & (pl.col("is_now") < SHARE * level)
    forgotten = [
        pl.when(~deeper.fill_null(value=False)).then(name).alias(name)
        for name in ("check_id", "decision", "_candidate", "_since")
    ]
    known = known.with_columns(forgotten).with_columns(
        candidate=pl.coalesce("_candidate", "candidate")
    )
    return _decided(_named(known, memory.run_id), memory)


def carry_known_drops(memory: OpenHolds, answered: set[str]) -> pl.DataFrame:
    """Return the drops of feeds that did not answer now: nothing new is known of them."""
    stored = memory.refusals.filter(
        (pl.col("name") == "count_drop") & ~pl.col("feed").is_in(list(answered))
    )
    return _decided(stored, memory)


def blocking(refusals: pl.DataFrame) -> pl.DataFrame:
    """Return the refusals that nobody accepted."""
    return refusals.filter(pl.col("decision") != "accepted")


def _named(known: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Give each new finding its id: what it says, and the run that said it first."""
    missing = [name for name in _ID if name not in known.columns]
    full = known.with_columns(**{name: pl.lit(None, pl.String) for name in missing})
    ids = [
        kept or sha256("\x1f".join([*(v or "" for v in said), run_id]).encode()).hexdigest()[:16]
        for kept, *said in full.select("check_id", *_ID).iter_rows()
    ]
    return REFUSALS.shape(
        full.with_columns(
            check_id=pl.Series(ids, dtype=pl.String),
            since_at=pl.coalesce("_since", "observed_at"),
            decision=pl.col("decision").fill_null("pending"),
        )
    )


def _decided(refusals: pl.DataFrame, memory: OpenHolds) -> pl.DataFrame:
    now = memory.verdicts.select("check_id", _now="decision")
    return REFUSALS.shape(
        refusals.join(now, on="check_id", how="left", maintain_order="left").with_columns(
            decision=pl.coalesce("_now", "decision")
        )
    )
