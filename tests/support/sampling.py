"""What of the slow tests the time of CI suffices for; with `--every-case` all is run."""

from __future__ import annotations

import pytest

EVERY = 3
"""CI runs every so many cases of a test that is marked `sampled`."""


def is_sampled(request: pytest.FixtureRequest) -> bool:
    """Return whether a test is one of every third of its module, which compare more than others."""
    tests = [name for name in vars(request.module) if name.startswith("test_")]
    number = tests.index(request.function.__name__)
    return number % EVERY == 0 or bool(request.config.getoption("--every-case"))
