"""What records the runs of a test's homes: each home's file, or a shared warehouse for each home.

    from tests.support.backends import replay
    from tests.support.hours import ingest

    pytestmark = pytest.mark.usefixtures("backend")

Every test of such a module runs with files as ever. With `--every-case` it runs (slow) also with
lakes whose data lies in a folder, and in a bucket. Without it, which is what CI has time for, every
eighth test does, in turns with one and with the other: at least one of each module, but for those
that are `TOO_LONG_FOR_CI`.

The pipeline's functions are imported from here: they are those of the pipeline, given what
`PRICEHOUSE_WAREHOUSE` and `PRICEHOUSE_STORE` would give a command. A home has a shared warehouse of
its own, so that a test may compare two; one that has runs when it is first seen here, because a
test copied it, is pushed, as `pricehouse warehouse push` does.

A fixture that makes a home for a whole module asks for `backend` itself, so that it is made anew
for each. `on_files_alone` marks the tests of a module that a lake does not concern. These modules
have no such parameter:

- what a price list, a key or a route becomes: rules that are applied before anything is recorded,
  in many hours, for which the time of CI does not suffice; the hours of returns, renames, decisions
  and corrections write the same tables in every way there is;
- what never opens a home: parsers, settings, money, the form of landed files, locks of one machine,
  exports and readers of a publication, which is a file whatever recorded it;
- what spoils, upgrades or looks into `warehouse.duckdb` itself: on a lake it is a copy, that is
  pulled anew, which tests/pipeline/test_shared_warehouse.py shows;
- what runs commands or kills processes: tests/cli/test_shared_command.py and tests/resilience
  have tests of their own of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from types import ModuleType
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

import pipeline.decisions
import pipeline.maintenance
import pipeline.repair
import pipeline.replay
import pipeline.revise
from pipeline.context import Dependencies
from pipeline.shared_warehouse import push_copy
from tests.support.lakes import SharedPlace
from tests.support.sampling import number_of
from warehouse.storage.landing import Landing
from warehouse.store.objects import Store

FILE, LAKE_ON_DISK, LAKE_ON_S3 = BACKENDS = ("file", "lake_on_disk", "lake_on_s3")
WITHOUT_S3 = pytest.mark.backends(FILE, LAKE_ON_DISK)
"""The mark of a module whose hours show what prices become: where the lake's data lies is the same
to them, and the time of CI has an end."""
TOO_LONG_FOR_CI = pytest.mark.backends(FILE, LAKE_ON_DISK, sampled=False)
"""The mark of such a module that runs with a lake with `--every-case` alone."""
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Backend:
    """What the homes of the running tests have beside their file."""

    name: str
    make_place: Callable[[], SharedPlace] | None = None
    _places: dict[Path, SharedPlace] = field(default_factory=dict)

    def environment(self, root: Path) -> Mapping[str, str]:
        """Return the settings of a home's shared warehouse; none where its file records the runs.

        One that comes with runs is pushed first.
        """
        if self.make_place is None:
            return {}
        if (key := root.absolute()) not in self._places:
            self._places[key] = self.make_place()
            if (root / "warehouse.duckdb").exists() and Landing(root / "landing").committed():
                self.push(root)
        return self._places[key].environment

    def push(self, root: Path) -> None:
        """Move a home that came with runs, from a backup say, into its shared warehouse."""
        if (place := self.place(root)) is not None:
            push_copy(root, place.settings, place.store)

    def place(self, root: Path) -> SharedPlace | None:
        """Return a home's shared warehouse, None where its file records the runs."""
        environment = self.environment(root)
        return SharedPlace(environment) if environment else None


SAMPLED = 8
"""Every so many tests of a module run with a lake too."""


def sample_of(names: Sequence[str], module: ModuleType, function: str) -> list[str]:
    """Return the file, and for every eighth test of a module one of the lakes among `names`."""
    number, left = divmod(number_of(function, module), SAMPLED)
    lakes = [name for name in names if name != FILE]
    return [FILE] if left or not lakes else [FILE, lakes[number % len(lakes)]]


_current = Backend(FILE)


def current() -> Backend:
    """Return the backend of the running test."""
    return _current


@contextmanager
def using(backend: Backend) -> Iterator[Backend]:
    """Let the functions of this module use a backend while the block runs."""
    global _current
    before, _current = _current, backend
    try:
        yield backend
    finally:
        _current = before


def on_files_alone(reason: str) -> pytest.MarkDecorator:
    """Return the mark of a test, in a module with backends, that only a home's file concerns."""
    return pytest.mark.backends(FILE, reason=reason)


def dependencies_of(root: Path, dependencies: Dependencies | None = None) -> Dependencies:
    """Return what a run depends on, with the home's shared warehouse unless one is given."""
    dependencies = dependencies or Dependencies()
    if dependencies.lake is not None or dependencies.store is not None:
        return dependencies
    return replace(dependencies, **_shared(root))


def store_of(root: Path) -> Store | None:
    """Return the store of a home's shared warehouse, None where its file records the runs."""
    place = current().place(root)
    return None if place is None else place.store


def _shared(root: Path) -> dict[str, Any]:
    place = current().place(root)
    return {} if place is None else {"store": place.store, "lake": place.settings}


def _recorded(function: Callable[Concatenate[Path, _P], _T]) -> Callable[Concatenate[Path, _P], _T]:
    @wraps(function)
    def call(root: Path, /, *arguments: _P.args, **options: _P.kwargs) -> _T:
        return function(root, *arguments, **{**_shared(root), **options})

    return call


correct = _recorded(pipeline.decisions.correct)
decide = _recorded(pipeline.decisions.decide)
maintain = _recorded(pipeline.maintenance.maintain)
repair = _recorded(pipeline.repair.repair)
replay = _recorded(pipeline.replay.replay)
revise = _recorded(pipeline.revise.revise)
