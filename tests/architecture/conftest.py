"""A home with the sample in it, for the tests of pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.report import Report
from tests.support.sample_home import ingest_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Report]]:
    """A folder whose `data` is a home with both steps of the sample, and the reports."""
    root = tmp_path_factory.mktemp("docs")
    return root, ingest_sample(root / "data")


@pytest.fixture(scope="session")
def folder(sample: tuple[Path, list[Report]]) -> Path:
    """The folder of the sample's home."""
    return sample[0]
