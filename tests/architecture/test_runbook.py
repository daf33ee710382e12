"""Each entry of the runbook names a test that exists."""

from __future__ import annotations

import re

import pytest

from tests.support.documents import CHECKOUT

PAGE = (CHECKOUT / "docs" / "operations.md").read_text("utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def runbook(page: str) -> list[list[str]]:
    """Return the cells of each row of the runbook."""
    table = page.partition("## Runbook")[2]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return rows[1:]


def missing_tests(rows: list[list[str]]) -> list[str]:
    """Return the symptom of each row without a test that exists."""
    missing = []
    for row in rows:
        named = TEST.findall(row[-1])
        files = {path: CHECKOUT / path for path, _ in named}
        exist = [
            files[path].is_file() and f"def {name}(" in files[path].read_text("utf-8")
            for path, name in named
        ]
        if len(row) != 4 or not exist or not all(exist):
            missing.append(row[0])
    return missing


def test_each_entry_of_the_runbook_is_exercised_by_a_test() -> None:
    rows = runbook(PAGE)
    assert len(rows) > 10
    assert missing_tests(rows) == []


@pytest.mark.parametrize(
    "cell",
    ["", "by hand", "`tests/e2e/test_up.py::test_no_such_test`", "`tests/e2e/no.py::test_it`"],
)
def test_an_entry_without_a_test_is_found(cell: str) -> None:
    page = f"## Runbook\n\n| a | b | c | d |\n|---|---|---|---|\n| it burns | it | water | {cell} |"
    assert missing_tests(runbook(page)) == ["it burns"]
