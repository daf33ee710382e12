"""Shared warehouses of the pipeline's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace, lake_in, lake_in_folder
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.sampling import is_sampled, number_of
from tests.support.two_homes import BegunHistory, TwoHomes

PLACES = ["folder", "bucket"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every second test of a shared warehouse a bucket and the others a folder.

    With `--every-case` each has both, as one that names both has always.
    """
    named = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "place_kind" not in metafunc.fixturenames or "place_kind" in named:
        return
    chosen = PLACES
    if not metafunc.config.getoption("--every-case"):
        number = number_of(metafunc.function.__name__, metafunc.module)
        chosen = [PLACES[number % len(PLACES)]]
    metafunc.parametrize("place_kind", chosen)


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
    place_kind: str,
    shared_postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SharedPlace:
    """An empty shared warehouse with its data in a folder or in a bucket."""
    place = lake_in(shared_postgres, _object_store(request, place_kind), tmp_path / "shared")
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    return place


@pytest.fixture
def machines(
    request: pytest.FixtureRequest,
    place_kind: str,
    begin: Callable[[str, RunningObjectStore | None], BegunHistory],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TwoHomes]:
    """Return two machines with one history of two hours.

    In every third test, and with `--every-case` in each, they are compared thoroughly.
    """
    begun = begin(place_kind, _object_store(request, place_kind))
    with serve(small_catalog()) as hub:
        made = begun.copy(tmp_path, hub)
        monkeypatch.setenv("PGPASSFILE", made.place.environment["PGPASSFILE"])
        made.is_thorough = is_sampled(request)
        yield made


@pytest.fixture(scope="session")
def begin(
    shared_postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, RunningObjectStore | None], BegunHistory]:
    """What makes the history of a folder or of a bucket, once."""
    folder, made = tmp_path_factory.mktemp("begun"), dict[str, BegunHistory]()

    def begin(kind: str, store: RunningObjectStore | None) -> BegunHistory:
        if kind not in made:
            made[kind] = BegunHistory(folder / kind, shared_postgres, store, f"begun_{kind}")
        return made[kind]

    return begin


def _object_store(request: pytest.FixtureRequest, kind: str) -> RunningObjectStore | None:
    return None if kind == "folder" else request.getfixturevalue("object_store")
