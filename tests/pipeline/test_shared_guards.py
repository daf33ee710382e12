"""What a machine of a shared warehouse is refused, before anything is changed anywhere."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep, maintain
from pipeline.moving import pull_home
from pipeline.shared_warehouse import push_copy
from pipeline.store import find_store
from samples.hub import serve
from schemas.errors import HomeError, StoreConflict
from tests.support.command import pricehouse
from tests.support.hours import ingest, small_catalog
from tests.support.lakes import SharedPlace, lake_in_bucket
from tests.support.moved_clock import COMPILER, MovedClock
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.published import exported
from tests.support.two_homes import DAY, HOUR, TwoHomes
from warehouse.lake.attach import open_lake
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.follower import pull_publication

pytestmark = pytest.mark.slow


def snapshots(machines: TwoHomes) -> list[object]:
    """Return the snapshots of the shared warehouse."""
    with open_lake(machines.lake, read_only=True) as con:
        return con.execute("SELECT snapshot_id FROM lake.snapshots() ORDER BY 1").fetchall()


def test_maintenance_by_a_clock_that_is_ahead_is_refused(machines: TwoHomes) -> None:
    first, ahead = machines.first, datetime.now(UTC) + 10 * DAY
    landed, before = outcomes(first), snapshots(machines)
    for upkeep in (Upkeep(), Upkeep(dry_run=True)):
        with pytest.raises(HomeError, match=f"clock says {ahead:%Y-%m-%d %H:%M} UTC, and that of"):
            maintain(first, upkeep, clock=lambda: ahead, store=machines.store, lake=machines.lake)
    assert outcomes(first) == landed  # the run of the other machine is not even pulled
    assert snapshots(machines) == before
    machines.keep(first)
    machines.require_one_history(first, machines.second)


@pytest.mark.skipif(COMPILER is None, reason="no C compiler here; apt-get install gcc")
def test_ages_in_a_shared_warehouse_count_by_the_clock_of_postgres(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    now = datetime.now(UTC)
    clock = MovedClock(tmp_path, at=now - 10 * DAY)
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        machines.hour(machines.first, "0.2")
    data = Path(machines.lake.data) / "internal"
    data.mkdir(parents=True, exist_ok=True)
    old, new = data / "old.parquet", data / "new.parquet"
    for path, age in ((old, 3 * DAY), (new, HOUR)):
        path.write_bytes(b"of a killed writer")
        os.utime(path, ((now - age).timestamp(),) * 2)
    environment = {**shared_place.environment, **clock.environment}
    checked = pricehouse("doctor", "--json", home=machines.first, **environment)
    (orphans,) = (
        each for each in json.loads(checked.stdout)["findings"] if each["check"] == "lake_orphans"
    )
    assert not orphans["well"], checked.stdout
    kept = pricehouse("maintain", "--json", home=machines.first, **environment)
    assert kept.returncode == 0, kept.stderr
    assert json.loads(kept.stdout)["lake"]["snapshots_expired"] == 0
    assert not old.exists()
    assert new.exists()


def outcomes(home: Path) -> dict[str, str | None]:
    """Return run → how it ended."""
    return {run.run_id: run.mark and run.mark.outcome for run in Landing(home / "landing").runs()}


def test_a_key_that_only_reads_leaves_a_home_that_follows_the_store_as_it_is(
    tmp_path: Path, shared_postgres: Postgres, object_store: RunningObjectStore
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    reader = {**place.environment, **object_store.environment(reader=True)}
    home = tmp_path / "reader"
    with serve(small_catalog()) as hub, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
        machines = TwoHomes(tmp_path, hub, place)
        machines.hour(machines.first, "0.2")
        read_only = find_store(reader)
        assert read_only is not None
        pull_publication(Home(home), read_only)
        before = {path for path in home.rglob("*") if path.name != ".lock"}
        for command in ("ingest", "maintain", "replay", "doctor --repair", "warehouse push"):
            done = pricehouse(*command.split(), home=home, url=hub.url, **reader)
            assert done.returncode == (2 if command == "replay" else 1), done.stderr
            assert command == "replay" or "does not allow this key to write" in done.stderr
        assert {path for path in home.rglob("*") if path.name != ".lock"} == before
        machines.hour(machines.first, "0.3")
        assert pull_publication(Home(home), read_only) == published_id(Home(machines.first))


@pytest.mark.sampled
@pytest.mark.parametrize("packed", [False, True])
def test_the_store_of_a_home_whose_publication_did_not_arrive_is_refused(
    machines: TwoHomes, tmp_path: Path, shared_postgres: Postgres, *, packed: bool
) -> None:
    first, store = machines.first, machines.store
    lake = replace(machines.lake, schema=f"{machines.lake.schema}_other")
    if packed:
        machines.clock.advance(2 * DAY)
        machines.keep(first)
    for each in store.list("published"):
        store.delete([each.name])

    def other_hour(home: Path) -> None:
        ingest(home, machines.hub, clock=machines.clock, store=store, lake=lake)

    own = tmp_path / "own"
    for _ in range(2):
        with pytest.raises(StoreConflict, match="another home writes there"):
            other_hour(own)
        with pytest.raises(StoreConflict, match="another home writes there"):
            ingest(own, machines.hub, clock=machines.clock, store=store)
        assert not list(Landing(own / "landing").runs())
    pushed = tmp_path / "pushed"
    machines.hour_without(pushed, "0.7")
    with pytest.raises(StoreConflict, match="another home writes there"):
        push_copy(pushed, lake, store, clock=machines.clock)
    machines.hour(first, "0.4")
    machines.require_one_history(first, machines.second)
    # the shared warehouse is lost, with the machines: what is in the store begins another one
    wanted = exported(first)
    pulled = tmp_path / "pulled"
    pull_home(pulled, store, clock=machines.clock)
    push_copy(pulled, lake, store, clock=machines.clock)
    assert exported(pulled) == wanted
    other_hour(tmp_path / "new")


def test_after_a_first_hour_that_failed_any_machine_goes_on(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        failed = machines.failed_hour(machines.first)
        machines.hour(machines.second, "0.3")
        assert outcomes(machines.second)[failed] == "failed"
        machines.require_one_history(machines.first, machines.second)
