"""A server over the sample, and one over a small live home with each kind of price."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.sample_home import ingest_sample
from tests.support.serving import Site, serving


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both steps of the sample."""
    home = tmp_path_factory.mktemp("sample") / "home"
    ingest_sample(home)
    return home


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
