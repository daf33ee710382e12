"""The list of all checks, and the function that runs them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import polars as pl

from schemas.load import CHECKS as CHECK_ROWS
from schemas.units import STANDARD
from transforms.checks.attachment_evidence import ATTACHMENT_CHECKS
from transforms.checks.check import Check, CheckInputs
from transforms.checks.entry_counts import ENTRY_CHECKS
from transforms.checks.feed_agreement import AGREEMENT_CHECKS
from transforms.checks.mapping_agreement import MAPPING_CHECKS
from transforms.checks.price_gate import GATE_CHECKS
from transforms.checks.provider_claims import COMPLIANCE_CHECKS
from transforms.checks.status_flips import STATUS_CHECKS

CHECKS: tuple[Check, ...] = (
    *ENTRY_CHECKS,
    *MAPPING_CHECKS,
    *AGREEMENT_CHECKS,
    *ATTACHMENT_CHECKS,
    *STATUS_CHECKS,
    *COMPLIANCE_CHECKS,
    *GATE_CHECKS,
)
"""Every check of a run; docs/operating.md has the table of them."""
_IDENTITY = ("name", "feed", "inference_provider", "offer_id", "unit", "expected", "observed")


class CheckDescription(NamedTuple):
    """One row of the table of checks in docs."""

    name: str
    severity: str
    meaning: str
    ends: str


def describe_checks() -> list[CheckDescription]:
    """Return a row per check, in the order of CHECKS; a check that can `fail` is `info` else."""
    return [
        CheckDescription(
            check.name,
            "info, or fail" if check.severity == "fail" else check.severity,
            check.meaning,
            check.ends,
        )
        for check in CHECKS
    ]


def run_checks(inputs: CheckInputs, run_id: str) -> pl.DataFrame:
    """Return the CHECKS rows of a run, in a stable order, each id once."""
    return join_checks([check_rows(check, inputs, run_id) for check in CHECKS])


def join_checks(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return CHECKS rows in a stable order, each id once."""
    found = pl.concat([CHECK_ROWS.empty(), *frames])
    return found.unique("check_id", keep="first", maintain_order=True).sort("name", "check_id")


def check_rows(check: Check, inputs: CheckInputs, run_id: str) -> pl.DataFrame:
    """Return the rows of one check; columns that it does not set are null.

    The id is a hash of what was found, so the same finding is the same check in every run; with
    `every_run` the run is part of it. Rows of the gate keep the id of their hold.
    """
    found = check.find(inputs)
    if found.is_empty():
        return CHECK_ROWS.empty()
    if "passed" not in found.columns:
        found = found.with_columns(passed=pl.lit(value=False))
    lacking = [name for name in CHECK_ROWS.dtypes if name not in found.columns]
    rows = found.with_columns(**{name: pl.lit(None) for name in lacking}).with_columns(
        name=pl.lit(check.name),
        severity=pl.when("passed").then(pl.lit("info")).otherwise(pl.lit(check.severity)),
        run_id=pl.lit(run_id),
    )
    if "check_id" in found.columns:
        return CHECK_ROWS.shape(rows)
    names = [*_IDENTITY, *(["run_id"] if check.every_run else [])]
    other_tier = pl.when(pl.col("tier") != STANDARD).then("tier")
    ids = [
        _id_of([*row, tier] if tier else row)
        for *row, tier in rows.select(*names, other_tier).iter_rows()
    ]
    return CHECK_ROWS.shape(rows.with_columns(check_id=pl.Series(ids, dtype=pl.String)))


def _id_of(found: list[object]) -> str:
    return sha256("\x1f".join("" if v is None else str(v) for v in found).encode()).hexdigest()[:16]
