"""The type of a check, and what all checks of a run look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from schemas.delta import Findings, State
from schemas.registry import FeedRole
from schemas.settled import Settled
from schemas.units import STANDARD
from transforms.checks.comparison import Comparison
from transforms.reconcile.selection import Precedence

Severity = Literal["info", "warn", "hold", "fail"]

SHORT_WALKS = pl.DataFrame(schema={"feed": pl.String, "short_pages": pl.Int64, "pages": pl.Int64})
"""Feeds whose walk had more short pages than is usual, of how many pages."""


@dataclass(frozen=True)
class CheckInputs:
    """What the checks of one run look at.

    `before` and `after` are the current rows before and after the run of the models that it looks
    at, `settled` what counts of the others, of which everything was found before. `findings` is
    what its gate found. `drift` (DRIFT) are the unknown fields of all feeds, `pages` the counts of
    the pages of each feed (PAGE_COUNTS), `entries` the counts of `count_entries`.
    `compliance_claims` (COMPLIANCE_CLAIMS) are as they count on the day of the run; `precedence`
    and `roles` are those of the run. `short_walks` (SHORT_WALKS) are the walks of which absences do
    not count. `comparisons` are the mappings that two feeds stated in this run.
    """

    before: State
    after: State
    findings: Findings
    drift: pl.DataFrame
    pages: pl.DataFrame
    entries: pl.DataFrame
    compliance_claims: pl.DataFrame
    precedence: Precedence
    roles: Mapping[str, FeedRole]
    settled: Settled = field(default_factory=Settled)
    marked: pl.DataFrame | None = None
    """The claims beside unknown keys (NO_MARKED), by default those of `after`."""
    short_walks: pl.DataFrame = field(default_factory=SHORT_WALKS.clone)
    comparisons: Sequence[Comparison] = ()


@dataclass(frozen=True)
class Check:
    """One check: its name in `checks`, how much a failure matters, and how it is found.

    `find` returns rows with any columns of CHECKS but name and severity; without `passed` a row has
    failed. A row that passed is `info`, another one has `severity`. `every_run` is for figures that
    are new in each run: their rows never count as known. `meaning` and `ends` (what ends a finding)
    are one sentence each, for docs.
    """

    name: str
    severity: Severity
    find: Callable[[CheckInputs], pl.DataFrame]
    meaning: str
    ends: str
    every_run: bool = False


def of_tier() -> pl.Expr:
    """Return which tier a row is about; nothing of the standard one."""
    other = pl.col("tier") != STANDARD
    return pl.when(other).then(pl.format(" ({})", "tier")).otherwise(pl.lit(""))
