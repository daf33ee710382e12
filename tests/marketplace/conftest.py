"""Servers over the sample and over a small live home with each kind of price, and a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

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
def demo_site(sample: tuple[Path, list[Report]]) -> Iterator[Site]:
    """A server over everything that the demo ingests, image and video prices among it."""
    with serving(sample[0] / "data") as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real browser; it is ended with its module, because others run event loops of their own."""
    from tests.support.browsing import open_browser  # it skips where playwright is missing

    with open_browser() as running:
        yield running


@pytest.fixture
def opens(browser: Any, tmp_path: Path) -> Callable[..., AbstractContextManager[Any]]:
    """Return a function that opens a window at a site."""
    from tests.support.browsing import open_window

    return lambda site, **options: open_window(browser, tmp_path, site.url, **options)


@pytest.fixture(scope="session")
def live_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A live home of one hour: priced by both feeds or one, free, 0/0, staging, an adapter."""
    home = tmp_path_factory.mktemp("live") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    with serving(home) as running:
        yield running
