"""A machine of a shared warehouse that is killed, forgets the setting or is set wrongly, at the
points where its landing, the store and the shared warehouse do not agree.

Afterwards every machine has the same rows, and what each of them landed replays to them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.context import Dependencies
from pipeline.following import follow_when_idle
from pipeline.maintenance import Upkeep, maintain
from pipeline.moving import pull_home
from pipeline.repair import repair
from pipeline.shared_warehouse import push_copy
from samples.hub import serve
from schemas.errors import StoreConflict, WarehouseError
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.lakes import SharedPlace
from tests.support.postgres import Postgres
from tests.support.published import rows
from tests.support.stores import folder_place
from tests.support.two_homes import (
    DAY,
    HOUR,
    YEAR,
    TwoHomes,
    kill_after_the_shared_commit,
    killed_at,
)
from warehouse.lake.lake_checks import check_lake
from warehouse.lake.shared_home import Lake
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store import landing_pull, stored_home
from warehouse.store.stored_home import StoredHome
from warehouse.store.stored_publications import stored_publications

pytestmark = pytest.mark.slow


def outcomes(home: Path) -> dict[str, str | None]:
    """Return run → how it ended."""
    return {run.run_id: run.mark and run.mark.outcome for run in Landing(home / "landing").runs()}


def test_days_that_a_killed_maintenance_packed_reach_the_store(machines: TwoHomes) -> None:
    first, third = machines.first, machines.first.with_name("third")
    machines.clock.advance(2 * DAY)
    machines.hour(first, "0.4")
    with killed_at(StoredHome, "push_days"):
        machines.keep(first)
    assert machines.store.list("landing/days") == []
    machines.hour(machines.second, "0.5")
    machines.keep(first)
    assert len(machines.store.list("landing/days")) == 1
    machines.require_one_history(first, machines.second, third)


def test_days_that_a_killed_maintenance_packed_reach_the_store_of_one_home(tmp_path: Path) -> None:
    place, clock, home = folder_place(tmp_path), Clock(), tmp_path / "home"
    store = place.open()
    with serve(small_catalog()) as hub:
        for gap in (HOUR, 2 * DAY, HOUR):
            ingest(home, hub, clock=clock, store=store)
            clock.advance(gap)
    upkeep = Upkeep(keep_hourly_days=1)
    with killed_at(StoredHome, "push_days"):
        maintain(home, upkeep, clock=clock, store=store)
    maintain(home, upkeep, clock=clock, store=store)
    assert len(store.list("landing/days")) == 1
    pull_home(tmp_path / "there", place.open(), clock=clock)
    assert outcomes(tmp_path / "there") == outcomes(home)


def test_failed_runs_at_the_end_of_a_packed_day_stay(machines: TwoHomes) -> None:
    first, third = machines.first, machines.first.with_name("third")
    failed = [machines.failed_hour(first), machines.failed_hour(first)]
    machines.clock.advance(2 * DAY)
    machines.hour(first, "0.4")
    assert machines.keep(first).runs_packed == 4
    machines.require_one_history(first, machines.second, third)
    assert set(failed) < outcomes(third).keys()


def test_a_packed_day_with_a_run_that_the_store_never_had_is_kept_apart(
    machines: TwoHomes,
) -> None:
    first, second, third = machines.first, machines.second, machines.first.with_name("third")
    machines.pull(first)
    late = machines.failed_hour(first)
    machines.store.delete([o.name for o in machines.store.list(f"landing/runs/{late}")])
    machines.clock.advance(2 * DAY)
    assert machines.keep(first, shared=False).runs_packed == 3
    day = next((first / "landing/days").iterdir())
    own = day.read_bytes()
    machines.hour(second, "0.5")
    assert machines.keep(second).runs_packed == 2
    machines.hour(first, "0.6")
    machines.require_one_history(first, second, third)
    assert late not in outcomes(first)
    assert (first / "landing/set-aside/days" / day.name).read_bytes() == own
    assert not (second / "landing/set-aside").exists()


def test_doctor_names_a_postgres_that_stops_between_two_of_its_checks(
    machines: TwoHomes, shared_postgres: Postgres
) -> None:
    checks = check_lake(Home(machines.second), machines.lake)
    assert next(checks).ok
    shared_postgres.stop()
    try:
        left = list(checks)
    finally:
        shared_postgres.start()
    assert [(each.check, each.ok) for each in left] == [
        (check, False) for check in ("lake_copy", "lake_files", "lake_orphans")
    ]
    assert all("PostgreSQL of the shared warehouse" in each.message for each in left)
    assert machines.failed(machines.second) == {}


@pytest.mark.sampled
@pytest.mark.parametrize("step", ["_pull_days", "set_unlike_aside", "pull_objects"])
def test_a_pull_that_is_killed_is_done_again(machines: TwoHomes, step: str) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    late = machines.failed_hour(first)
    folder = f"landing/runs/{late}"  # which the store never took
    machines.store.delete([each.name for each in machines.store.list(folder)])
    machines.hour(second, "0.5")
    with killed_at(landing_pull, step):
        machines.pull(first)
    machines.require_one_history(first, second)
    assert late not in outcomes(first)
    machines.hour(first, "0.6")
    machines.require_one_history(first, second)


@pytest.mark.sampled
@pytest.mark.parametrize("step", [(StoredHome, "withdraw"), (Lake, "follow")], ids=lambda s: s[1])
def test_runs_that_others_took_the_places_of_go_after_a_kill_too(
    machines: TwoHomes, step: tuple[type, str]
) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    machines.hour(second, "0.5")
    rival = machines.hour_without(first, "0.4").run_id
    with killed_at(*step):
        machines.pull(first)
    machines.require_one_history(first, second)
    assert rival not in outcomes(first)
    assert (first / "landing/set-aside" / rival / "end.json").is_file()


def test_packed_runs_that_others_took_the_places_of_are_refused(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    rival = machines.hour_without(first, "0.4").run_id
    machines.clock.advance(2 * DAY)
    machines.hour_without(first, "0.4")
    machines.keep(first, shared=False)
    machines.hour(second, "0.5")
    with pytest.raises(WarehouseError, match="packed already"):
        machines.pull(first)
    assert rival in outcomes(first)


@pytest.mark.sampled
@pytest.mark.parametrize("command", ["push", "hour"])
def test_a_commit_that_was_marked_as_interrupted_is_marked_again(
    machines: TwoHomes, command: str
) -> None:
    first, second, third = machines.first, machines.second, machines.first.with_name("third")
    killed = kill_after_the_shared_commit(machines, first, "0.4")
    if command == "push":
        with pytest.raises(WarehouseError, match="nothing was written"):
            push_copy(first, machines.lake, machines.store, clock=machines.clock)
        assert outcomes(first)[killed] is None
    else:
        machines.hour_without(first, "0.4")
        assert outcomes(first)[killed] == "interrupted"
    machines.hour(second, "0.5")
    machines.require_one_history(first, second, third)
    assert {outcomes(home)[killed] for home in (first, second, third)} == {"committed"}


def test_no_push_replaces_the_end_of_a_run_in_the_store(machines: TwoHomes) -> None:
    first = machines.first
    machines.pull(first)
    newest = next(Landing(first / "landing").newest_first())
    name = f"landing/runs/{newest.run_id}/end.json"
    right = machines.store.read(name)
    (newest.path / "end.json").write_bytes(right + b"\n")
    with pytest.raises(StoreConflict, match="ended otherwise"):
        push_copy(first, machines.lake, machines.store, clock=machines.clock)
    assert machines.store.read(name) == right


def test_records_that_the_store_did_not_take_are_set_aside(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    with killed_at(StoredHome, "_push_records"):
        machines.hour(first, "0.4")
    newest = next(Landing(first / "landing").newest_first())
    assert newest.fetches()
    machines.hour(second, "0.5")
    machines.require_one_history(first, second)
    assert outcomes(first)[newest.run_id] is not None
    assert not newest.fetches()


def test_an_idle_machine_pushes_its_publication_that_the_store_lacks(machines: TwoHomes) -> None:
    first = Home(machines.first)
    with killed_at(stored_home, "push_publication"):
        machines.hour(machines.first, "0.4")
    own = published_id(first)
    assert stored_publications(machines.store)[-1].publication_id != own
    needs = Dependencies(clock=machines.clock, store=machines.store, lake=machines.lake)
    assert not follow_when_idle(first, needs)
    assert stored_publications(machines.store)[-1].publication_id == own
    machines.require_one_history(machines.first, machines.second)


def test_a_checkpoint_of_a_run_that_was_set_aside_replaces_nothing(machines: TwoHomes) -> None:
    first, second, third = machines.first, machines.second, machines.first.with_name("third")
    machines.pull(first)
    machines.clock.advance(2 * DAY)
    rival = machines.hour_without(first, "9.9").run_id
    assert machines.keep(first, shared=False).checkpoint is not None
    # the packed day has the same runs as the others'
    machines.hour(second, "0.5")
    machines.hour(second, "0.6")
    machines.pull(first)
    assert [path.name for path in (first / "landing/checkpoints").iterdir()] == []
    machines.keep(second)
    stored = [each.name for each in machines.store.list("landing/checkpoints")]
    assert len(stored) == 1
    assert rival not in stored[0]
    machines.require_one_history(first, second, third)


def test_where_every_run_is_of_the_future_the_repair_begins_anew(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        first, second = machines.first, machines.second
        machines.clock = Clock(START + YEAR)
        future = machines.hour(first, "0.2").run_id
        machines.clock = Clock()
        for _ in range(2):
            repair(first, clock=machines.clock, store=machines.store, lake=machines.lake)
        machines.hour(first, "0.3")
        machines.hour(second, "0.4")
        machines.require_one_history(first, second)
        assert rows(second, "SELECT count(*) FROM runs") == [(2,)]
        assert future not in outcomes(second)


def test_a_warehouse_that_was_made_and_never_pushed_to_begins_with_an_hour(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        home, other = tmp_path / "first", tmp_path / "second"
        machines.hour_without(home, "0.2")
        with killed_at(Lake, "push"):
            push_copy(home, machines.lake, machines.store, clock=machines.clock)
        with pytest.raises(StoreConflict, match="another home writes there"):
            machines.hour(other, "0.3")
        push_copy(home, machines.lake, machines.store, clock=machines.clock)
        machines.hour(other, "0.3")
        machines.require_one_history(home, other)


def test_the_store_of_another_warehouse_is_refused_before_anything_is_pulled(
    machines: TwoHomes, tmp_path: Path
) -> None:
    other, own = tmp_path / "other", tmp_path / "own"
    lake = replace(machines.lake, schema="another")

    def hour(home: Path) -> None:
        machines.clock.advance(HOUR)
        ingest(home, machines.hub, clock=machines.clock, store=machines.store, lake=lake)

    with pytest.raises(StoreConflict, match="another home writes there"):
        hour(other)
    assert outcomes(other) == {}
    machines.hour_without(own, "0.5")
    before = outcomes(own)
    with pytest.raises(WarehouseError, match="warehouse push"):
        hour(own)
    assert outcomes(own) == before
    # and a warehouse that has runs, with the store of another one
    elsewhere = folder_place(tmp_path).open()
    machines.clock.advance(HOUR)
    with pytest.raises(StoreConflict, match="it is the store of another one"):
        ingest(
            machines.first, machines.hub, clock=machines.clock, store=elsewhere, lake=machines.lake
        )
    machines.require_one_history(machines.first, machines.second)
