"""Two machines with a home each, and one shared warehouse; what they do follows one clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from pipeline.doctor import diagnose
from pipeline.maintenance import Maintained, Upkeep, maintain
from pipeline.replay import replay
from pipeline.report import Report
from pipeline.shared_warehouse import Copied, pull_copy, push_copy
from samples.hub import Hub, serve
from samples.routes import error
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.lakes import SharedPlace, copy_place, lake_in
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.published import copy_landing, exported
from tests.support.shared_killing import require_single_ids
from warehouse.lake.lake_recorder import LakeRecorder
from warehouse.storage.landing import Landing

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)


class KilledHere(BaseException):
    """Raised in the place of a kill."""


class TwoHomes:
    """The homes of two machines, one clock of both, and the servers that they ask."""

    is_thorough = True
    """Whether `require_one_history` replays what was landed, and asks the doctor about each home
    and not the last one alone; both take two thirds of its time."""

    def __init__(self, folder: Path, hub: Hub, place: SharedPlace) -> None:
        self.first, self.second = folder / "first", folder / "second"
        self.clock = Clock()
        self.hub = hub
        self.place = place
        self.lake, self.store = place.settings, place.store

    def hour(self, home: Path, price: str) -> Report:
        """Run the next hour in a home, in which every price is this one."""
        self.clock.advance(HOUR)
        self.hub.show(small_catalog(input_price=price))
        return ingest(home, self.hub, clock=self.clock, store=self.store, lake=self.lake)

    def hour_without(self, home: Path, price: str, *, at: datetime | None = None) -> Report:
        """Run an hour where somebody forgot the setting, by a clock of its own if `at` is given."""
        self.clock.advance(HOUR)
        self.hub.show(small_catalog(input_price=price))
        return ingest(home, self.hub, clock=Clock(at) if at else self.clock)

    def pull(self, home: Path) -> Copied:
        """Make a home the copy."""
        return pull_copy(home, self.lake, self.store, clock=self.clock)

    def push(self, home: Path) -> str:
        """Push a home; return how."""
        return push_copy(home, self.lake, self.store, clock=self.clock).how

    def pack_a_day(self) -> None:
        """Let the first machine pack the runs so far, and the second one pull them."""
        self.clock.advance(2 * DAY)
        self.hour(self.first, "0.4")
        self.keep(self.first)
        self.pull(self.second)

    def failed_hour(self, home: Path) -> str:
        """Run the next hour with a server that refuses everything; return the run's id."""
        self.clock.advance(HOUR)
        with serve(small_catalog(), on_request=lambda _: error(403, "no")) as hub:
            report = ingest(home, hub, clock=self.clock, store=self.store, lake=self.lake)
        assert report.outcome == "failed"
        return report.run_id

    def keep(self, home: Path, *, shared: bool = True) -> Maintained:
        """Run the maintenance that thins out and packs all days before yesterday."""
        needs: dict[str, Any] = {"store": self.store, "lake": self.lake} if shared else {}
        return maintain(home, Upkeep(keep_hourly_days=1), clock=self.clock, **needs)

    def failed(self, home: Path) -> dict[str, str]:
        """Return what the doctor finds wrong, check → message."""
        findings = diagnose(home, self.place.environment, clock=self.clock).findings
        return {each.check: each.message for each in findings if not each.ok}

    def require_one_history(self, *homes: Path) -> None:
        """Require that every home has the same rows, and that they follow from what landed."""
        for home in homes:
            self.pull(home)
        wanted = exported(homes[0])
        assert all(exported(home) == wanted for home in homes)
        examined = homes if self.is_thorough else homes[-1:]
        failed = {home.name: self.failed(home) for home in examined}
        assert not any(failed.values()), failed
        require_single_ids(self.place)
        if not self.is_thorough:
            return
        # of homes that landed the same one is replayed
        for home in {landed(home): home for home in homes}.values():
            replayed = home.with_name("replayed")
            shutil.rmtree(replayed, ignore_errors=True)
            replay(copy_landing(home, replayed), clock=self.clock)
            assert exported(replayed) == wanted, f"what {home.name} landed"


class BegunHistory:
    """Two machines with one history of two hours, to be copied for each test: to make it takes as
    long as most of what a test does with it.
    """

    def __init__(
        self, folder: Path, postgres: Postgres, store: RunningObjectStore | None, database: str
    ) -> None:
        folder.mkdir()
        self._folder, self._postgres, self._store = folder, postgres, store
        postgres.create_database(database)
        self._place = lake_in(postgres, store, folder / "shared", database=database)
        with patch.dict(os.environ, self._place.environment), serve(small_catalog()) as hub:
            machines = TwoHomes(folder, hub, self._place)
            machines.hour(machines.first, "0.2")
            machines.hour(machines.second, "0.3")
        self._clock = machines.clock

    def copy(self, folder: Path, hub: Hub) -> TwoHomes:
        """Return two machines of their own in a folder, after their two hours."""
        place = copy_place(self._place, self._postgres, self._store, folder / "shared")
        machines = TwoHomes(folder, hub, place)
        machines.clock = copy(self._clock)
        for home in (machines.first, machines.second):
            shutil.copytree(self._folder / home.name, home, symlinks=True)
        return machines


def landed(home: Path) -> frozenset[tuple[str, str]]:
    """Return each file that a replay reads, with its hash."""
    landing = home / "landing"
    return frozenset(
        (path.relative_to(landing).as_posix(), sha256(path.read_bytes()).hexdigest())
        for path in landing.rglob("*")
        if path.is_file() and path.relative_to(landing).parts[0] != "set-aside"
    )


@contextmanager
def killed_at(owner: object, step: str) -> Iterator[None]:
    """Break what the block does off at a step, as a kill does, and require that it was reached."""

    def killed(*_arguments: Any, **_options: Any) -> None:
        raise KilledHere

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(owner, step, killed)
        with pytest.raises(KilledHere):
            yield


def kill_after_the_shared_commit(machines: TwoHomes, home: Path, price: str) -> str:
    """Break an hour off when the shared warehouse has it and the home does not; return its id."""
    commit = LakeRecorder.commit

    def broken_off(self: LakeRecorder, *arguments: Any) -> None:
        commit(self, *arguments)
        raise KilledHere

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(LakeRecorder, "commit", broken_off)
        with pytest.raises(KilledHere):
            machines.hour(home, price)
    newest = next(Landing(home / "landing").newest_first())
    assert newest.mark is None
    return newest.run_id
