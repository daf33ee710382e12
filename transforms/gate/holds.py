"""Match what the gate holds with the open holds of earlier runs.

A hold is one finding until the source states another value, also through an absence of the offer
(transforms/gate/carried.py). So a decision counts until the value changes again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

import polars as pl

from schemas.contract import UTC_TIME
from schemas.state import REFUSALS
from schemas.units import is_main
from transforms.gate.feed_drops import FEED_DROP

GROUPED = ("count_drop", "coverage_drop", FEED_DROP)
ABSENCES = ("count_drop", FEED_DROP)
"""The drops that whole answers end: no feed that answered in a run keeps one otherwise."""
_PRICE_KEY = ["feed", "offer_id", "unit", "tier", "candidate"]
_GROUP_KEY = ["name", "feed", "inference_provider"]
_ID = ("name", "feed", "inference_provider", "offer_id", "unit", "tier", "candidate")

VERDICTS = pl.DataFrame(
    schema=dict.fromkeys(("check_id", "decision", "decided_by", "decision_reason"), pl.String)
)
"""An operator's decisions of one run."""


@dataclass(frozen=True)
class OpenHolds:
    """The holds before a run (`known`, REFUSALS), and the decisions (VERDICTS) of that run."""

    known: pl.DataFrame = field(default_factory=REFUSALS.empty)
    verdicts: pl.DataFrame = field(default_factory=VERDICTS.clone)
    run_id: str = ""


def known_refusals(open_holds: OpenHolds) -> pl.DataFrame:
    """Return feed, offer_id, unit, tier, candidate, `name` and `decision` of refused prices.

    A rejected one is held whatever today's rules find, a pending one where no good price is known
    any more, for as long as the source states it.
    """
    known = apply_verdicts(open_holds.known.filter(~pl.col("name").is_in(GROUPED)), open_holds)
    return _one_of_each(blocking(known)).select(*_PRICE_KEY, "name", "decision")


def known_decisions(open_holds: OpenHolds, name: str) -> pl.DataFrame:
    """Return feed, offer_id, unit, tier, candidate that a person decided about under a rule."""
    known = apply_verdicts(open_holds.known.filter(pl.col("name") == name), open_holds)
    return known.filter(pl.col("decision") != "pending").select(*_PRICE_KEY)


def match_known_prices(found: pl.DataFrame, open_holds: OpenHolds) -> pl.DataFrame:
    """Return REFUSALS of held prices, in the order of `found` (rows of `find_held_prices`).

    A price with the same candidate as an open hold is that hold, whatever rule finds it now.
    """
    stored = _one_of_each(open_holds.known.filter(~pl.col("name").is_in(GROUPED)))
    known = found.join(
        stored.select(
            *_PRICE_KEY,
            "check_id",
            "decision",
            _name="name",
            # a value that returns is stated since its return
            _since=pl.when(pl.col("absent_from").is_null()).then("since_at"),
        ),
        on=_PRICE_KEY,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    ).with_columns(
        name=pl.coalesce("_name", "name"),
        kept_seen_at=pl.when(~is_main() & ~pl.col("withheld")).then("seen_at"),
    )
    return apply_verdicts(_named(known, open_holds.run_id), open_holds)


def match_known_drops(found: pl.DataFrame, open_holds: OpenHolds) -> pl.DataFrame:
    """Return REFUSALS of drops; a lasting drop is one finding, however many offers come and go.

    An accepted drop stays accepted until what is left falls below the share `least` of what was
    accepted. A drop of a whole feed that deepens so far is another finding before a decision too.
    """
    stored = open_holds.known.filter(pl.col("name").is_in(GROUPED))
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
    lasting = (pl.col("decision") == "accepted") | (pl.col("name") == FEED_DROP)
    deeper = lasting & (pl.col("is_now") < pl.col("least") * level)
    kept = [
        pl.when(~deeper.fill_null(value=False)).then(name).alias(name)
        for name in ("check_id", "decision", "_candidate", "_since")
    ]
    known = known.with_columns(kept).with_columns(candidate=pl.coalesce("_candidate", "candidate"))
    return apply_verdicts(_named(known, open_holds.run_id), open_holds)


def carry_known_drops(open_holds: OpenHolds, answered: set[str]) -> pl.DataFrame:
    """Return the known drops of feeds without an answer in this run, which nothing changes."""
    stored = open_holds.known.filter(
        pl.col("name").is_in(ABSENCES) & ~pl.col("feed").is_in(list(answered))
    )
    return apply_verdicts(stored, open_holds)


def _one_of_each(holds: pl.DataFrame) -> pl.DataFrame:
    """Return the first hold of each value; two ids of one offer may have held the same one."""
    return holds.sort("since_at", "check_id").unique(_PRICE_KEY, keep="first", maintain_order=True)


def blocking(holds: pl.DataFrame) -> pl.DataFrame:
    """Return the holds that no operator accepted."""
    return holds.filter(pl.col("decision") != "accepted")


def _named(known: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """Give each new hold its id: a hash of what was found, and of the run that found it first."""
    missing = [name for name in _ID if name not in known.columns]
    full = known.with_columns(**{name: pl.lit(None, pl.String) for name in missing})
    ids = [
        known_id or sha256("\x1f".join([*(v or "" for v in row), run_id]).encode()).hexdigest()[:16]
        for known_id, *row in full.select("check_id", *_ID).iter_rows()
    ]
    return REFUSALS.shape(
        full.with_columns(
            check_id=pl.Series(ids, dtype=pl.String),
            since_at=pl.coalesce("_since", "observed_at"),
            decision=pl.col("decision").fill_null("pending"),
            absent_from=pl.lit(None),
            kept_seen_at=pl.col("kept_seen_at")
            if "kept_seen_at" in full.columns
            else pl.lit(None, UTC_TIME),
        )
    )


def apply_verdicts(holds: pl.DataFrame, open_holds: OpenHolds) -> pl.DataFrame:
    """Return REFUSALS with the decisions of this run."""
    now = open_holds.verdicts.select("check_id", _now="decision")
    return REFUSALS.shape(
        holds.join(now, on="check_id", how="left", maintain_order="left").with_columns(
            decision=pl.coalesce("_now", "decision")
        )
    )
