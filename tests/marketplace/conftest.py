"""A server over the sample, and one over a small live home with each kind of price."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.report import Report
from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.serving import Site, serving


@pytest.fixture(scope="session")
def sample_home(ingested_sample: tuple[Path, list[Report]]) -> Path:
    """A home with both steps of the sample."""
    return ingested_sample[0]


@pytest.fixture(scope="session")
def site(sample_home: Path) -> Iterator[Site]:
    with serving(sample_home) as running:
        yield running


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A live home of one hour: priced by both feeds or one, free, 0/0, staging, an adapter."""
    home = tmp_path_factory.mktemp("live") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    with serving(home) as running:
        yield running
