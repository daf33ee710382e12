"""The skips that CI accepts; with `--strict-skips` any other skipped test fails the session.

A test is skipped where a machine lacks what it needs. CI has all of it, so that a skip there means
that a test stopped running unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import NamedTuple

import pytest


class AllowedSkip(NamedTuple):
    """A pattern of test ids and of reasons, as `fnmatch` reads them."""

    test: str
    reason: str


ALLOWED = (
    # Mounting needs CAP_SYS_ADMIN, which few CI containers have; without it the same module tries a
    # limit on file sizes instead.
    AllowedSkip("tests/resilience/test_full_disk.py::*", "this process may mount no tmpfs;*"),
    # .ci/run installs npm; a machine of your own may do without. An inspector that cannot be
    # installed is no accepted reason.
    AllowedSkip("tests/marketplace/test_mcp_inspector.py::*", "npm is not here"),
)


def unexpected_skips(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> Iterator[str]:
    """Yield `test id: reason` for each skipped report that ALLOWED does not list."""
    for report in reports:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reason = reason.removeprefix("Skipped: ")
        if not any(
            fnmatch(report.nodeid, allowed.test) and fnmatch(reason, allowed.reason)
            for allowed in ALLOWED
        ):
            yield f"{report.nodeid}: {reason}"
