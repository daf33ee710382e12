"""One Prefect server for all tests here: it takes half a minute to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from samples.hub import Hub, serve
from tests.support.hours import small_catalog
from tests.support.running_server import Gate, Up, up


@pytest.fixture(scope="session")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="session")
def hub(gate: Gate) -> Iterator[Hub]:
    with serve(small_catalog(), on_request=gate) as running:
        yield running


@pytest.fixture(scope="session")
def running(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up") / "home", hub.url) as it:
        it.wait_for_first_hour()  # one that is triggered beside it would be cancelled
        yield it
