"""Shared warehouses of the pipeline's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lakes import SharedPlace, lake_in_bucket, lake_in_folder
from tests.support.postgres import Postgres


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
