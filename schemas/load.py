"""One run, ready to be loaded: everything that a single transaction writes to the warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pandera.polars as pa
import polars as pl

from schemas.alerts import FindAlerts
from schemas.contract import MONEY, TEXT_LIST, UTC_TIME, contract
from schemas.delta import Delta
from schemas.records import Delivery, EndOutcome, FeedFetch, RunRecord


def _text(*, nullable: bool = False) -> pa.Column:
    return pa.Column(pl.String, nullable=nullable)


CHECKS = contract(
    "checks",
    key=("check_id",),
    check_id=_text(),
    run_id=_text(),
    name=_text(),
    severity=pa.Column(pl.String, pa.Check.isin(["info", "warn", "hold", "fail"])),
    passed=pa.Column(pl.Boolean),
    feed=_text(nullable=True),
    inference_provider=_text(nullable=True),
    offer_id=_text(nullable=True),
    unit=_text(nullable=True),
    expected=_text(nullable=True),
    observed=_text(nullable=True),
    old_amount=pa.Column(MONEY, nullable=True),
    candidate_amount=pa.Column(MONEY, nullable=True),
    message=_text(),
    decision=_text(nullable=True),
    tier=_text(nullable=True),
)

REJECTED_ROWS = contract(
    "rejected_rows",
    run_id=_text(),
    feed=_text(),
    payload_hash=_text(),
    json_path=_text(),
    record_key=_text(nullable=True),
    inference_provider=_text(nullable=True),
    reasons=pa.Column(TEXT_LIST),
    field=_text(nullable=True),
    value_text=_text(nullable=True),
    rejected_at=pa.Column(UTC_TIME),
)

GAPS = contract(
    "gaps",
    feed=_text(),
    from_at=pa.Column(UTC_TIME),
    to_at=pa.Column(UTC_TIME),
    reason=_text(),
    run_id=_text(),
)


COMPLIANCE_CLAIMS = contract(
    "compliance_claims",
    key=("claim_id",),
    claim_id=_text(),
    inference_provider=_text(),
    claim=_text(),
    value=_text(),
    applies=_text(),
    source_url=_text(),
    paraphrase=_text(),
    checked_on=pa.Column(pl.Date),
    expires_on=pa.Column(pl.Date),
    confidence=_text(),
    in_force=pa.Column(pl.Boolean),
)


@dataclass(frozen=True)
class Counts:
    """What a run found and did; offers and prices are those on cards after it."""

    models: int = 0
    offers: int = 0
    adapters: int = 0
    priced: int = 0
    free: int = 0
    suspect: int = 0
    unpriced: int = 0
    rejected: int = 0
    changes: int = 0
    holds: int = 0


@dataclass(frozen=True)
class FeedCount:
    """Entries of one feed's answer: records = accepted + rejected."""

    records: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Failure:
    """A run that ended without a commit; the next run that commits writes it to the warehouse.

    `outcome` is `failed` or `dry_run`, `ended` what its end mark states.
    """

    record: RunRecord
    finished_at: datetime
    outcome: str
    error: str | None
    fetches: list[FeedFetch]
    ended: EndOutcome = "failed"


class StagedRows(Protocol):
    """Rows of a delta that wait on disk, of a run that is too large for memory."""

    def frames(self, part: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a part of a delta; those of a log are sorted."""


@dataclass(frozen=True)
class Load:
    """All that one run writes, in one transaction."""

    record: RunRecord
    finished_at: datetime
    sequence: int
    outcome: str
    counts: Counts
    fetches: list[FeedFetch]
    feed_counts: dict[str, FeedCount]
    delta: Delta
    gaps: pl.DataFrame
    checks: pl.DataFrame
    rejected: pl.DataFrame
    feeds: pl.DataFrame
    sources: pl.DataFrame
    compliance_claims: pl.DataFrame
    rule_version: str
    failures: list[Failure] = field(default_factory=list)
    staged: StagedRows | None = None
    """Rows to write after those of the delta."""
    find_alerts: FindAlerts | None = None
    """None: a run of earlier code, which opened no alerts."""
    deliveries: Sequence[Delivery] = ()
    """When messages of alerts were delivered, by what the run knew at its start."""
