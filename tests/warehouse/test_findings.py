"""A check ends with a finding, whatever kind of error it meets; JSON keeps its first names."""

from __future__ import annotations

import duckdb
import msgspec
import pytest

from warehouse.health.findings import CheckFailed, Finding, run_check


def raising(error: Exception) -> Finding:
    def inspect() -> str:
        raise error

    return run_check("keys", inspect, remedy="run it again")


def test_a_check_that_passes_has_no_remedy() -> None:
    finding = run_check("keys", lambda: "all unique", remedy="run it again")
    assert finding == Finding(check="keys", ok=True, message="all unique")


@pytest.mark.parametrize(
    "error",
    [
        CheckFailed("cut in the middle"),
        PermissionError("cut in the middle"),
        duckdb.IOException("cut in the middle\nLINE 1: SELECT"),
    ],
)
def test_a_check_that_meets_an_error_fails_with_its_remedy(error: Exception) -> None:
    expected = Finding(check="keys", ok=False, message="cut in the middle", remedy="run it again")
    assert raising(error) == expected


def test_json_keeps_the_names_that_programs_read() -> None:
    data = msgspec.json.encode(raising(CheckFailed("no")))
    assert msgspec.json.decode(data) == {
        "check": "keys",
        "well": False,
        "said": "no",
        "way_back": "run it again",
    }
