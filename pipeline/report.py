"""What a run reports to its operator, and the exit status that follows from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

import msgspec
import polars as pl

from schemas.amounts import MILLION, amount_text
from schemas.load import Counts
from schemas.own_memory import in_own_memory
from schemas.records import FAILED_OUTCOMES, FeedFetch
from transforms.checks.price_gate import GATE_CHECKS

MEANINGS = {check.name: check.meaning.partition(";")[0].rstrip(".") for check in GATE_CHECKS}
PLACES = 5
"""How many providers a line about holds names."""
EXAMPLES = 50
"""How many changes a report shows one by one; the counts are of all."""


class FeedReport(msgspec.Struct, frozen=True, kw_only=True):
    """How one feed went."""

    feed: str
    outcome: str
    required: bool
    seconds: float
    requests: int
    retries: int
    pages: int
    bytes: int
    records: int | None
    accepted: int | None
    rejected: int | None
    waited_s: float
    observed_at: datetime | None
    error_code: str | None
    error: str | None
    """Why it failed, or why it was skipped."""

    @property
    def failure(self) -> str | None:
        """Why it failed; None also for a feed that was not asked."""
        return self.error if self.outcome != "skipped" else None


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """An offer whose newer value the gate refused."""

    check_id: str
    name: str
    """The check that holds it: why."""
    offer_id: str | None
    inference_provider: str | None
    unit: str | None
    message: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change, or in a dry run what would change; money is per million where tokens count."""

    event: str
    model_id: str | None
    """None: the change is about the whole provider."""
    inference_provider: str
    unit: str | None
    was: str | None
    is_now: str | None


class StepTime(msgspec.Struct, frozen=True, kw_only=True):
    """What one step took; steps that work side by side share processor seconds."""

    step: str
    seconds: float
    cpu_s: float
    """Processor seconds of the process, its threads and its ended children."""
    peak_mb: int
    """The most memory that the process has held until the end of the step, in 1,000,000 bytes."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run; `--json` prints this."""

    run_id: str
    outcome: str
    origin: str
    home: str
    started_at: datetime
    finished_at: datetime
    publication_id: str | None
    """The publication that readers see now: this run's, or the last good one."""
    counts: Counts
    events: dict[str, int]
    feeds: list[FeedReport]
    held: list[Held]
    rejected: dict[str, int]
    """Reason → rows."""
    examples: list[Change] = []
    """The first changes, those of known offers before what is new or gone."""
    error: str | None = None
    steps: list[StepTime] = []
    """What each step took, in order; a decision and a replay are not measured."""

    @property
    def exit_status(self) -> int:
        """1 when a required feed failed or nothing could be published, else 0."""
        failed = any(f.required and f.outcome in FAILED_OUTCOMES for f in self.feeds)
        return int(failed or self.outcome == "failed")


def feed_reports(
    fetches: list[FeedFetch], counted: dict[str, tuple[int, int, int]], required: set[str]
) -> list[FeedReport]:
    """Return a report per fetch; `counted` has (records, accepted, rejected) of the read ones."""
    return [
        FeedReport(
            feed=f.feed,
            outcome=f.outcome,
            required=f.feed in required,
            seconds=round((f.finished_at - f.started_at).total_seconds(), 3),
            requests=f.requests,
            retries=f.retries,
            pages=len(f.pages),
            bytes=f.bytes,
            records=counted[f.feed][0] if f.feed in counted else None,
            accepted=counted[f.feed][1] if f.feed in counted else None,
            rejected=counted[f.feed][2] if f.feed in counted else None,
            waited_s=f.waited_s,
            observed_at=f.observed_at if f.outcome in {"complete", "not_modified"} else None,
            error_code=f.error_code,
            error=f.error,
        )
        for f in fetches
    ]


def held_lines(held: list[Held]) -> list[str]:
    """Return one line per kind of hold: how many, why, and at which providers, most first."""
    kinds: dict[str, list[Held]] = {}
    for hold in held:
        kinds.setdefault(hold.name, []).append(hold)
    lines = []
    for name, holds in sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0])):
        # A hold without an offer is of a whole provider, or of a whole feed without a provider.
        counts = Counter(hold.inference_provider or "all providers" for hold in holds)
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        places = [f"{provider} {count}" for provider, count in ordered[:PLACES]]
        if (more := len(ordered) - PLACES) > 0:
            places.append(f"{more} more providers")
        lines.append(f"{len(holds)} × {name} ({MEANINGS.get(name, 'held')}): {', '.join(places)}")
    return lines


def change_examples(changes: pl.DataFrame, offers: pl.DataFrame) -> list[Change]:
    """Return the first changes of a run, with the names of their offers."""
    return as_examples([first_changes(changes, offers)])


def first_changes(changes: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return the first of these changes, with `model_id` and inference_provider of their offers."""
    of_offers = offers.select("offer_id", "model_id", _provider="inference_provider")
    named = changes.join(of_offers, on="offer_id", how="left").with_columns(
        inference_provider=pl.coalesce("inference_provider", "_provider")
    )
    return _first(named.drop("_provider"))


def as_examples(parts: Iterable[pl.DataFrame]) -> list[Change]:
    """Return the first changes of a run, of the first ones of its parts."""
    return [
        Change(
            event=row["event"],
            model_id=row["model_id"],
            inference_provider=row["inference_provider"],
            unit=row["unit"],
            was=_amount(row["old_amount"], row["unit"]) or row["old_value"],
            is_now=_amount(row["new_amount"], row["unit"]) or row["new_value"],
        )
        for row in _first(pl.concat(parts)).iter_rows(named=True)
    ]


def _first(named: pl.DataFrame) -> pl.DataFrame:
    ordered = named.sort(
        pl.col("event").is_in(["new", "gone"]),
        "event",
        "model_id",
        "inference_provider",
        "unit",
        "offer_id",
        nulls_last=True,
        maintain_order=True,
    )
    return in_own_memory(ordered.head(EXAMPLES))


def _amount(amount: Decimal | None, unit: str | None) -> str | None:
    if amount is None:
        return None
    if unit is not None and unit.endswith("token"):
        return f"{amount_text(amount * MILLION)} per 1M"
    return amount_text(amount)
