"""Run the checks on the rows of a small history."""

from __future__ import annotations

import polars as pl

from schemas.delta import Findings, State
from schemas.load import COMPLIANCE_CLAIMS
from schemas.offerings import DRIFT
from tests.support.histories import REGISTRY, ROLES
from transforms.checks import CheckInputs, count_pages, run_checks

NO_ENTRIES = pl.DataFrame(
    schema=dict.fromkeys(("feed", "inference_provider"), pl.String)
    | dict.fromkeys(("records", "accepted", "rejected"), pl.Int64)
)


def check_inputs(before: State, after: State, findings: Findings) -> CheckInputs:
    """Return the inputs of the checks after a run whose feeds had nothing to report."""
    return CheckInputs(
        before=before,
        after=after,
        findings=findings,
        drift=DRIFT.empty(),
        pages=count_pages([]),
        entries=NO_ENTRIES,
        compliance_claims=COMPLIANCE_CLAIMS.empty(),
        precedence=REGISTRY.sources[0].precedence,
        roles=ROLES,
    )


def checks_named(name: str, before: State, after: State, findings: Findings) -> pl.DataFrame:
    """Return the CHECKS rows of one name."""
    rows = run_checks(check_inputs(before, after, findings), "run-1")
    return rows.filter(pl.col("name") == name)
