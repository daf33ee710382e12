"""A client for the sample's server, and the recordings where a checkout has them beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=120) as client:
        yield client


@pytest.fixture
def recordings() -> Path:
    if not RECORDINGS.is_dir():
        pytest.skip("the recordings are not beside this checkout")
    return RECORDINGS
