"""What of the slow tests the time of CI suffices for; with `--every-case` all is run."""

from __future__ import annotations

from types import ModuleType

import pytest

EVERY = 3
"""CI runs every so many cases of a test that is marked `sampled`."""


def number_of(function: str, module: ModuleType) -> int:
    """Return the place of a test among those of its module, from 0."""
    return [name for name in vars(module) if name.startswith("test_")].index(function)


def is_sampled(request: pytest.FixtureRequest) -> bool:
    """Return whether a test is one of every third of its module, which compare more than others."""
    number = number_of(request.function.__name__, request.module)
    return number % EVERY == 0 or bool(request.config.getoption("--every-case"))
