"""Files that are damaged in the store of a shared warehouse, or of one home.

The next hour of a machine that has them whole writes them anew there, and no machine takes them.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.moving import push_home
from pipeline.shared_warehouse import pull_copy
from pipeline.store import find_store
from samples.hub import serve
from schemas.errors import LandingError, ObjectDamaged, StoreError, WarehouseError
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.lakes import SharedPlace, lake_in_bucket
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.stores import StorePlace
from tests.support.two_homes import TwoHomes
from warehouse.lake.attach import open_made_lake
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder
from warehouse.store.store_checks import lacking_files

pytestmark = pytest.mark.slow


def newest(home: Path) -> RunFolder:
    return next(Landing(home / "landing").newest_first())


def name_of(home: Path, path: Path) -> str:
    return path.relative_to(home).as_posix()


@pytest.mark.sampled
@pytest.mark.parametrize("name", ["run.json", "hub.json", "end.json"])
def test_a_record_is_written_anew_by_the_machine_that_has_it(machines: TwoHomes, name: str) -> None:
    first, second = machines.first, machines.second
    path = newest(second).path / name
    right = path.read_bytes()
    machines.store.put(name_of(second, path), right[:-9])
    with pytest.raises(ObjectDamaged, match=rf"{name} of the store .* run `pricehouse warehouse p"):
        machines.hour(first, "0.4")
    machines.hour(second, "0.5")
    assert (path.read_bytes(), machines.store.read(name_of(second, path))) == (right, right)
    machines.require_one_history(first, second)
    assert not (second / "landing/set-aside").exists()


@pytest.mark.sampled
@pytest.mark.parametrize("kind", ["days", "checkpoints"])
def test_what_maintenance_wrote_is_written_anew(machines: TwoHomes, kind: str) -> None:
    first, second, third = machines.first, machines.second, machines.first.with_name("third")
    machines.pack_a_day()
    path = next((second / "landing" / kind).iterdir())
    right = path.read_bytes()
    machines.store.put(name_of(second, path), right[: len(right) // 2])
    with pytest.raises(ObjectDamaged, match=path.name):
        machines.pull(third)
    machines.hour(second, "0.5")
    assert (path.read_bytes(), machines.store.read(name_of(second, path))) == (right, right)
    machines.require_one_history(first, second, third)
    assert not [each for each in second.rglob("set-aside/**/*") if each.is_file()]


def test_damage_of_the_same_size_is_removed_and_pushed(
    machines: TwoHomes,
) -> None:
    second, third = machines.second, machines.first.with_name("third")
    path = newest(second).path / "router.json"
    right = path.read_bytes()
    machines.store.put(name_of(second, path), bytes(len(right)))
    with pytest.raises(ObjectDamaged, match="Remove it there"):
        machines.pull(third)
    machines.hour(second, "0.4")  # of the same size nobody looks
    machines.store.delete([name_of(second, path)])
    assert machines.push(second) == "equal"
    machines.require_one_history(second, third)


def test_a_day_that_is_damaged_here_again_replaces_nothing_that_was_kept(
    machines: TwoHomes,
) -> None:
    second = machines.second
    machines.pack_a_day()
    day = next((second / "landing/days").iterdir())
    right = day.read_bytes()
    for damaged in (b"first", b"second"):
        day.write_bytes(damaged)
        machines.hour(second, "0.5")
        assert day.read_bytes() == right
    kept = second / "landing/set-aside/days" / day.name
    assert kept.read_bytes() == b"first"
    assert kept.with_name(f"{kept.name}.2").read_bytes() == b"second"


def test_what_is_damaged_on_both_sides_is_left_to_a_backup(machines: TwoHomes) -> None:
    second = machines.second
    path = newest(second).path / "router.json"
    right = path.read_bytes()
    machines.store.put(name_of(second, path), right[:-9])
    path.write_bytes(right[:-8])
    with pytest.raises(ObjectDamaged, match="from a backup"):
        machines.hour(second, "0.4")
    path.parent.mkdir(exist_ok=True)
    for each in (second / "landing/set-aside/damaged" / path.parent.name).iterdir():
        each.rename(path.parent / each.name)
    with pytest.raises(LandingError, match="restore it from a backup"):
        machines.push(second)
    path.write_bytes(right)
    machines.hour(second, "0.5")
    machines.require_one_history(machines.first, second)


def test_a_run_that_the_store_lost_is_pushed_by_a_machine_that_was_behind(
    machines: TwoHomes,
) -> None:
    first, third = machines.first, machines.first.with_name("third")
    lost = newest(first).run_id
    machines.store.delete([each.name for each in machines.store.list(f"landing/runs/{lost}")])
    with pytest.raises(StoreError, match="warehouse pull` and then `pricehouse warehouse push`"):
        machines.pull(third)
    with pytest.raises(WarehouseError, match="Run `pricehouse warehouse pull` here, and push"):
        machines.push(first)
    machines.pull(first)
    assert machines.push(first) == "equal"
    machines.require_one_history(first, third)


def test_a_key_that_reads_pulls_what_is_there_and_makes_nothing(
    tmp_path: Path, shared_postgres: Postgres, object_store: RunningObjectStore
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    reader = {**place.environment, **object_store.environment(reader=True)}
    reading = find_store(reader)
    assert reading is not None
    with serve(small_catalog()) as hub, pytest.MonkeyPatch.context() as patched:
        patched.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
        machines = TwoHomes(tmp_path, hub, place)
        copy, lake = tmp_path / "copy", SharedPlace(reader).settings
        with pytest.raises(StoreError, match="does not allow this key to write"):
            ingest(copy, hub, clock=machines.clock, store=reading, lake=lake)
        with open_made_lake(lake) as con:
            assert con is None
        machines.hour(machines.first, "0.2")
        pull_copy(copy, lake, reading, clock=machines.clock)
        run = newest(copy)
        lost, damaged = run.path / "router.json", run.path / "hub.json"
        right = damaged.read_bytes()
        machines.store.delete([name_of(copy, lost)])
        machines.store.put(name_of(copy, damaged), right[:-9])
        assert pull_copy(copy, lake, reading, clock=machines.clock).how == "equal"
        assert lost.exists()
        assert damaged.read_bytes() == right
        assert machines.failed(machines.first).keys() == {"store_objects"}
        assert machines.push(machines.first) == "equal"
        machines.require_one_history(machines.first, copy)


def test_a_home_of_its_own_writes_a_damaged_end_anew(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock, store=store)
        clock.advance(timedelta(hours=1))
        end = newest(home).path / "end.json"
        store.put(name_of(home, end), end.read_bytes()[:-9])
        hub.show(small_catalog(input_price="0.3"))
        assert ingest(home, hub, clock=clock, store=store).outcome == "published"
    assert lacking_files(Home(home), store) == []
    assert store.read(name_of(home, end)) == end.read_bytes()
    assert push_home(home, store, clock=clock).files == 0
