"""The list of checks: complete, unambiguous, and run as one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

import transforms
from schemas.load import CHECKS as CHECK_ROWS
from schemas.offerings import DRIFT
from tests.support.checks import NO_ENTRIES, check_inputs
from tests.support.histories import MODEL, History, entry, offering, price
from transforms.checks import CHECKS, CheckInputs, describe_checks, run_checks
from transforms.checks.check import Severity
from transforms.checks.entry_counts import PAGE_COUNTS

SOURCE = Path(transforms.__file__).parent


@pytest.fixture(scope="module")
def inputs() -> CheckInputs:
    """A price that moves by ten times, and a status that two feeds state differently."""
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(1, 5))]})
    before = history.state
    delta = history.hour({MODEL: [entry(status="error")]}, {MODEL: [offering(price(10, 5))]})
    return check_inputs(before, history.state, delta.found)


def test_check_names_are_unique() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names)) == 25


def test_every_check_is_described_in_whole_sentences() -> None:
    for row, check in zip(describe_checks(), CHECKS, strict=True):
        assert row.name == check.name
        assert check.severity in get_args(Severity)
        assert row.severity in {"info", "warn", "hold", "info, or fail"}
        assert row.meaning.endswith("."), check.name
        assert row.ends.endswith("."), check.name


def test_every_rule_of_the_gate_has_its_check() -> None:
    def texts(*names: str) -> str:
        return "".join((SOURCE / name).read_text("utf-8") for name in names)

    rules = set(re.findall(r"\.then\(pl\.lit\(\"(\w+)\"\)\)", texts("gate/price_rules.py")))
    rules -= {"unparsed", "suspect"}  # what a withheld price is then
    drops = set(re.findall(r"\bname=\"(\w+)\"", texts("reconcile/absences.py", "gate/apply.py")))
    assert len(rules) > 5
    assert drops == {"count_drop", "coverage_drop"}
    assert {c.name for c in CHECKS if c.severity == "hold"} == rules | drops


def test_a_run_has_the_rows_of_all_its_checks(inputs: CheckInputs) -> None:
    rows = run_checks(inputs, "run-1")
    found = rows.select("name", "severity", "passed", "unit", "decision").rows()
    assert found == [
        ("feeds_agree_on_status", "warn", False, None, None),
        ("unit_magnitude", "hold", False, "input_token", "pending"),
    ]
    assert rows.schema == CHECK_ROWS.empty().schema
    assert set(rows["run_id"]) == {"run-1"}


@pytest.mark.parametrize(
    ("currency", "found"),
    [
        ("USD", [("hub", "0.000002")]),
        ("EUR", [("hub", "0.000002"), ("novita_list", "0.000001 EUR")]),
    ],
)
def test_every_feed_that_prices_otherwise_is_a_finding(
    currency: str, found: list[tuple[str, str]]
) -> None:
    """Also one between two that agree: a list is a second claim beside the router and the Hub."""
    history = History()
    before = history.state
    hub = entry(providerDetails={"pricing": price(2, 5)})
    delta = history.hour({MODEL: [hub]}, {MODEL: [offering(price(1, 5))]})
    inputs = check_inputs(before, history.state, delta.found)
    router = inputs.after.claims.filter(
        (pl.col("feed") == "router") & (pl.col("unit") == "input_token")
    )
    listed = router.with_columns(feed=pl.lit("novita_list"), currency=pl.lit(currency))
    after = replace(inputs.after, claims=pl.concat([inputs.after.claims, listed]))
    rows = run_checks(replace(inputs, after=after), "run-1")
    differing = rows.filter(pl.col("name") == "feeds_agree_on_price")
    assert set(differing["observed"]) == {"0.000001"}
    assert [
        (feed, row["expected"])
        for row in differing.to_dicts()
        for feed in ("hub", "novita_list")
        if f", {feed} says" in row["message"]
    ] == found


def test_only_checks_of_every_run_get_a_new_id_in_each_run(inputs: CheckInputs) -> None:
    entries = pl.DataFrame([("hub", None, 3, 2, 1)], schema=NO_ENTRIES.schema, orient="row")
    counted = replace(inputs, entries=entries)
    first, second = (run_checks(counted, run) for run in ("run-1", "run-2"))
    kept = first.join(second, on="check_id", how="semi")
    assert set(first["name"]) - set(kept["name"]) == {"counts_reconcile"}


@pytest.mark.parametrize(("rejected", "severity"), [(1, "info"), (0, "fail")])
def test_counts_are_info_where_they_agree_and_fail_elsewhere(
    inputs: CheckInputs, rejected: int, severity: str
) -> None:
    entries = pl.DataFrame(
        [("hub", "novita", 3, 2, rejected)], schema=NO_ENTRIES.schema, orient="row"
    )
    rows = run_checks(replace(inputs, entries=entries), "run-1")
    (row,) = rows.filter(pl.col("name") == "counts_reconcile").to_dicts()
    assert (row["severity"], row["passed"]) == (severity, severity == "info")
    assert row["message"] == f"hub novita: 3 records, 2 accepted, {rejected} rejected"


@pytest.mark.parametrize(("nameless", "severity"), [(1, "info"), (0, "fail")])
def test_pages_are_info_where_they_agree_and_fail_elsewhere(
    inputs: CheckInputs, nameless: int, severity: str
) -> None:
    pages = pl.DataFrame([("hub", 6, 3, 2, nameless)], schema=PAGE_COUNTS.schema, orient="row")
    rows = run_checks(replace(inputs, pages=pages), "run-1")
    (row,) = rows.filter(pl.col("name") == "pages_reconcile").to_dicts()
    assert (row["severity"], row["expected"]) == (severity, "6 rows")
    assert row["message"] == (
        f"hub: 6 models on its pages = 3 distinct + 2 repeats + {nameless} nameless"
    )


def test_a_drift_that_two_feeds_share_is_one_check_each(inputs: CheckInputs) -> None:
    drift = pl.DataFrame(
        [(feed, "badge", "unknown_key", "new") for feed in ("hub", "router", "hub")],
        schema=DRIFT.dtypes,
        orient="row",
    )
    rows = run_checks(replace(inputs, drift=drift), "run-1")
    found = rows.filter(pl.col("name") == "schema_drift")
    assert sorted(found["message"]) == [
        "hub: field badge is unknown key; first seen as new",
        "router: field badge is unknown key; first seen as new",
    ]


def test_a_run_without_findings_has_no_rows() -> None:
    quiet = History()
    quiet.hour({MODEL: [entry()]}, {MODEL: [offering(price(1, 5))]})
    before = quiet.state
    delta = quiet.hour({MODEL: [entry()]}, {MODEL: [offering(price(1, 5))]})
    assert run_checks(check_inputs(before, quiet.state, delta.found), "run-1").is_empty()
