"""Shared warehouses of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace, lake_in_bucket, lake_in_folder
from tests.support.postgres import Postgres
from tests.support.two_homes import TwoHomes

PLACES = ["folder", "bucket"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of `any_place` a folder, then a bucket; of the tests of two machines every second
    one has a bucket and the others a folder, with `--every-backend` each has both.
    """
    if "machines" in metafunc.fixturenames and not metafunc.config.getoption("--every-backend"):
        tests = [name for name in vars(metafunc.module) if name.startswith("test_")]
        chosen = [PLACES[tests.index(metafunc.function.__name__) % 2]]
    else:
        chosen = PLACES
    if "any_place" in metafunc.fixturenames:
        metafunc.parametrize("any_place", chosen, indirect=True)


@pytest.fixture
def shared_place(
    shared_postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SharedPlace:
    """An empty shared warehouse with its data in a folder, in this process too."""
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    return place


@pytest.fixture
def any_place(
    request: pytest.FixtureRequest,
    shared_postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SharedPlace:
    """An empty shared warehouse with its data in a folder or in a bucket."""
    folder = tmp_path / "shared"
    if request.param == "folder":
        place = lake_in_folder(shared_postgres, folder)
    else:
        store = request.getfixturevalue("object_store")
        place = lake_in_bucket(shared_postgres, store, folder)
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    return place


@pytest.fixture
def machines(tmp_path: Path, any_place: SharedPlace) -> Iterator[TwoHomes]:
    """Return two machines with one history of two hours."""
    with serve(small_catalog()) as hub:
        made = TwoHomes(tmp_path, hub, any_place)
        made.hour(made.first, "0.2")
        made.hour(made.second, "0.3")
        yield made
