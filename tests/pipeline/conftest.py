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


@pytest.fixture
def shared_place(
    shared_postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SharedPlace:
    """An empty shared warehouse with its data in a folder, in this process too."""
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    return place


@pytest.fixture(params=["folder", "bucket"])
def any_place(
    request: pytest.FixtureRequest,
    shared_postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SharedPlace:
    """An empty shared warehouse with its data in a folder, then one with a bucket."""
    folder = tmp_path / "shared"
    if request.param == "folder":
        place = lake_in_folder(shared_postgres, folder)
    else:
        store = request.getfixturevalue("object_store")
        place = lake_in_bucket(shared_postgres, store, folder)
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    return place


@pytest.fixture
def machines(tmp_path: Path, shared_place: SharedPlace) -> Iterator[TwoHomes]:
    """Return two machines with one history of two hours."""
    with serve(small_catalog()) as hub:
        made = TwoHomes(tmp_path, hub, shared_place)
        made.hour(made.first, "0.2")
        made.hour(made.second, "0.3")
        yield made
