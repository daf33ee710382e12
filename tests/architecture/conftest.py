"""A home with the sample in it, for the tests of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.report import Report


@pytest.fixture(scope="session")
def folder(sample: tuple[Path, list[Report]]) -> Path:
    """The folder of the sample's home."""
    return sample[0]
