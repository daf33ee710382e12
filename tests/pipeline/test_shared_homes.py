"""Two homes of one shared warehouse: what a person does on one machine, the other goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.backup import back_up
from pipeline.context import Dependencies, RunOptions
from pipeline.decisions import CorrectionRequest, DecisionRequest, correct, decide
from pipeline.doctor import diagnose
from pipeline.maintenance import Upkeep, maintain
from pipeline.repair import repair
from pipeline.replay import replay
from pipeline.report import Report
from pipeline.restore import restore
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from pipeline.shared_warehouse import push_copy
from providers.registry import load_registry
from samples.hub import serve
from schemas.errors import (
    HomeError,
    HomeKindError,
    StoreConflict,
    StoreError,
    UsageError,
    WarehouseError,
)
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.lakes import SharedPlace, lake_in_bucket, lake_in_folder
from tests.support.object_store import RunningObjectStore
from tests.support.postgres import Postgres
from tests.support.published import exported, rows
from tests.support.two_homes import DAY, HOUR, YEAR, TwoHomes, kill_after_the_shared_commit
from warehouse.storage.landing import Landing
from warehouse.store.stored_publications import stored_publications

pytestmark = pytest.mark.slow


def test_what_one_machine_decides_the_other_knows(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    report = machines.hour(first, "30")  # a hundredfold: held
    assert report.held

    def accept(home: Path) -> Report:
        request = DecisionRequest([report.held[0].check_id], "accepted", "ann", "it is so")
        place = machines.place
        return decide(home, request, clock=machines.clock, store=place.store, lake=place.settings)

    assert accept(second).outcome == "published"
    with pytest.raises(UsageError, match="was accepted by ann"):
        accept(first)
    machines.require_one_history(first, second)


def test_what_one_machine_corrects_the_other_shows(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.hour(first, "0.4")
    [(offer_id,)] = rows(first, "SELECT offer_id FROM prices WHERE amount > 0 LIMIT 1")
    request = CorrectionRequest(offer_id, "input_token", None, 1_000_000, "ann", "no price at all")
    correct(second, request, clock=machines.clock, store=machines.store, lake=machines.lake)
    with pytest.raises(UsageError, match="shows no number already"):
        correct(first, request, clock=machines.clock, store=machines.store, lake=machines.lake)
    machines.hour(first, "0.5")
    machines.require_one_history(first, second)


def test_what_one_machine_thins_out_the_other_does_not_miss(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.clock.advance(2 * DAY)
    machines.hour(first, "0.4")
    upkeep = Upkeep(keep_hourly_days=1)

    def keep(home: Path) -> tuple[int, int]:
        done = maintain(
            home, upkeep, clock=machines.clock, store=machines.store, lake=machines.lake
        )
        assert done.lake is not None
        return len(done.runs_thinned), done.runs_packed

    thinned, packed = keep(second)
    assert thinned
    assert packed
    assert machines.failed(second) == {}
    machines.hour(first, "0.5")
    assert machines.failed(first) == {}
    keep(first)
    machines.hour(second, "0.6")
    machines.require_one_history(first, second, first.with_name("third"))


def test_a_backup_of_a_copy_is_restored_and_goes_on(machines: TwoHomes, tmp_path: Path) -> None:
    first, second, restored = machines.first, machines.second, tmp_path / "restored"
    back_up(second, tmp_path / "backup", clock=machines.clock)
    machines.hour(first, "0.4")
    restore(tmp_path / "backup", restored, clock=machines.clock)
    assert machines.failed(restored).keys() == {"lake_copy"}
    machines.hour(restored, "0.5")
    machines.require_one_history(first, second, restored)


def test_a_home_that_is_ahead_adds_its_runs_by_a_replay(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    without = machines.hour_without(first, "0.4").run_id
    assert "this home is ahead" in machines.failed(first)["lake_copy"]
    with pytest.raises(WarehouseError, match="pricehouse replay"):
        machines.hour(first, "0.5")
    with pytest.raises(WarehouseError, match="pricehouse replay"):
        machines.pull(first)
    added = replay(first, clock=machines.clock, store=machines.store, lake=machines.lake)
    assert added == [without]
    assert machines.failed(first) == {}
    machines.hour(second, "0.6")
    machines.require_one_history(first, second)


def test_a_run_that_only_the_store_has_is_added_by_a_replay(machines: TwoHomes) -> None:
    """Somebody forgot PRICEHOUSE_WAREHOUSE and left PRICEHOUSE_STORE set."""
    first, second = machines.first, machines.second
    machines.pull(first)
    machines.clock.advance(HOUR)
    machines.hub.show(small_catalog(input_price="0.4"))
    without = ingest(first, machines.hub, clock=machines.clock, store=machines.store).run_id
    with pytest.raises(WarehouseError, match="pricehouse replay"):
        machines.hour(second, "0.5")
    added = replay(second, clock=machines.clock, store=machines.store, lake=machines.lake)
    assert added == [without]
    machines.hour(second, "0.6")
    # a home that did not hear of that hour writes nothing into the store
    with pytest.raises(StoreConflict, match="another home writes there"):
        ingest(first, machines.hub, clock=machines.clock, store=machines.store)
    machines.hour(first, "0.7")
    machines.require_one_history(first, second)


@pytest.mark.sampled
@pytest.mark.parametrize("repairing", ["first", "second"])
def test_a_run_of_the_future_is_repaired_on_either_machine(
    machines: TwoHomes, repairing: str
) -> None:
    first, second = machines.first, machines.second
    before = exported(second)
    right, machines.clock = machines.clock, Clock(START + YEAR)
    machines.hour(first, "0.4")
    machines.clock = right
    homes = [first, second] if repairing == "first" else [second, first]

    def heal(home: Path) -> list[str]:
        place = machines.place
        return repair(home, clock=machines.clock, store=place.store, lake=place.settings).set_aside

    for refused in (
        lambda: machines.hour(second, "0.5"),
        lambda: maintain(second, clock=machines.clock, store=machines.store, lake=machines.lake),
    ):
        with pytest.raises(HomeError, match="doctor --repair"):
            refused()
    assert len(heal(homes[0])) == 1
    assert exported(homes[0]) == before
    with pytest.raises(HomeError, match="doctor --repair"):
        machines.pull(homes[1])
    assert len(heal(homes[1])) == 1
    machines.hour(first, "0.6")
    machines.hour(second, "0.7")
    machines.require_one_history(first, second)


def test_no_command_without_the_setting_undoes_a_commit(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    killed = kill_after_the_shared_commit(machines, first, "0.4")
    without = machines.hour_without(first, "0.5").run_id  # which marks the other as interrupted
    with pytest.raises(WarehouseError, match="pricehouse replay"):
        machines.hour(first, "0.6")
    store, lake = machines.store, machines.lake
    assert replay(first, clock=machines.clock, store=store, lake=lake) == [without]
    committed = [run.run_id for run in Landing(first / "landing").committed()]
    assert committed[-2:] == [killed, without]
    machines.hour(second, "0.6")
    machines.require_one_history(first, second)


def test_an_end_that_the_store_did_not_take_counts_as_the_next_machine_marked_it(
    machines: TwoHomes,
) -> None:
    first, second = machines.first, machines.second
    machines.clock.advance(HOUR)
    settings = recorded_settings(first, {}, load_registry())
    options = RunOptions(origin="live", flow="test", trigger="test")
    needs = Dependencies(clock=machines.clock, store=machines.store, lake=machines.lake)
    with pytest.raises(HomeError), open_run(settings, options, needs):
        raise HomeError("the disk is full")
    newest = next(Landing(first / "landing").newest_first())
    assert newest.mark is not None
    assert newest.mark.outcome == "failed"
    machines.store.delete([f"landing/runs/{newest.run_id}/end.json"])
    machines.hour(second, "0.4")
    machines.require_one_history(first, second)
    for home in (first, second):
        outcomes = {run.run_id: run.mark.outcome for run in Landing(home / "landing").runs()}
        assert outcomes[newest.run_id] == "interrupted"


@pytest.mark.sampled
@pytest.mark.parametrize("command", ["replay", "repair", "maintain"])
def test_whatever_comes_first_completes_a_commit(machines: TwoHomes, command: str) -> None:
    first, second, clock = machines.first, machines.second, machines.clock
    store, lake = machines.store, machines.lake
    killed = kill_after_the_shared_commit(machines, first, "0.4")
    commands = {
        "replay": lambda: replay(second, clock=clock, store=store, lake=lake),
        "repair": lambda: repair(second, clock=clock, store=store, lake=lake),
        "maintain": lambda: maintain(second, clock=clock, store=store, lake=lake),
    }
    commands[command]()
    assert killed in {run.run_id for run in Landing(second / "landing").committed()}
    machines.hour(second, "0.5")
    machines.require_one_history(first, second)


def test_a_repair_takes_nothing_of_the_others_away(machines: TwoHomes) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    machines.hour_without(first, "0.4", at=START + YEAR)  # and without the setting
    machines.hour(second, "0.5")
    machines.hour(second, "0.6")
    repair(first, clock=machines.clock, store=machines.store, lake=machines.lake)
    assert machines.failed(first) == {}
    machines.hour(first, "0.7")
    assert len(Landing(first / "landing").committed()) == 5
    machines.require_one_history(first, second)


def test_a_lost_shared_warehouse_is_made_again_of_a_copy_or_of_the_landing(
    machines: TwoHomes, shared_postgres: Postgres
) -> None:
    first, second = machines.first, machines.second
    machines.pull(first)
    wanted = exported(first)
    drop = f"DROP SCHEMA {machines.lake.schema} CASCADE"
    database = machines.lake.connection["dbname"]
    shared_postgres.run(drop, database=database)
    with pytest.raises(WarehouseError, match="warehouse push"):
        machines.hour(first, "0.4")
    push_copy(first, machines.lake, machines.store, clock=machines.clock)
    assert machines.failed(first) == {}
    shared_postgres.run(drop, database=database)
    (second / "warehouse.duckdb").unlink()
    replay(second, clock=machines.clock, store=machines.store, lake=machines.lake)
    assert exported(second) == wanted
    machines.hour(first, "0.4")
    machines.require_one_history(first, second)


def test_a_lost_object_of_the_bucket_is_named_and_written_anew(
    tmp_path: Path,
    shared_postgres: Postgres,
    object_store: RunningObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = lake_in_bucket(shared_postgres, object_store, tmp_path / "shared")
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, place)
        first, clock, store, lake = machines.first, machines.clock, place.store, place.settings
        machines.hour(first, "0.2")
        maintain(first, clock=clock, store=store, lake=lake)  # which writes rows into files
        lost = max(store.list(f"lake/{lake.schema}"), key=lambda each: each.size).name
        store.delete([lost])
        failed = machines.failed(first)
        assert failed.keys() == {"lake_files"}
        assert lost in failed["lake_files"]
        pushed = push_copy(first, lake, store, rewrite=True, clock=clock)
        assert pushed.how == "rewritten"
        machines.hour(machines.second, "0.3")
        machines.require_one_history(first, machines.second)


def test_a_replay_of_an_empty_home_is_refused_with_the_pull_to_run(
    machines: TwoHomes, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="warehouse pull"):
        replay(tmp_path / "third", store=machines.store, lake=machines.lake)


def test_a_home_of_another_history_is_refused_and_nothing_of_it_goes(
    machines: TwoHomes, tmp_path: Path
) -> None:
    other, place = tmp_path / "other", machines.place
    machines.hour_without(other, "0.8")
    before, served = exported(other), stored_publications(machines.store)
    for refused in (
        lambda: machines.hour(other, "0.9"),
        lambda: machines.pull(other),
        lambda: replay(other, store=place.store, lake=place.settings, clock=machines.clock),
        lambda: maintain(other, store=place.store, lake=place.settings, clock=machines.clock),
    ):
        with pytest.raises(WarehouseError, match="two histories"):
            refused()
    with pytest.raises(WarehouseError, match="nothing was written, there or to the store"):
        push_copy(other, place.settings, place.store, clock=machines.clock)
    with pytest.raises(StoreConflict, match="another home writes there"):
        ingest(other, machines.hub, clock=machines.clock, store=place.store)
    assert exported(other) == before
    assert not list(Landing(other / "landing").set_aside_runs())
    assert stored_publications(machines.store) == served
    machines.hour(machines.first, "0.4")
    machines.require_one_history(machines.first, machines.second)


def test_a_warehouse_is_not_begun_in_a_bucket_that_is_not_there(
    machines: TwoHomes,
    tmp_path: Path,
    shared_postgres: Postgres,
    object_store: RunningObjectStore,
) -> None:
    right = lake_in_bucket(shared_postgres, object_store, tmp_path / "begun")

    def ingest_with(store: str) -> Report:
        place = SharedPlace({**right.environment, "PRICEHOUSE_STORE": store})
        own, lake = place.store, place.settings
        return ingest(tmp_path / "third", machines.hub, clock=machines.clock, store=own, lake=lake)

    with pytest.raises(StoreError, match="has no bucket no-such-bucket"):
        ingest_with("s3://no-such-bucket/home")
    ingest_with(right.environment["PRICEHOUSE_STORE"])
    with pytest.raises(WarehouseError, match=f"begun with its data in {right.settings.data}"):
        ingest_with(f"s3://{object_store.bucket()}/home")


def test_the_doctor_names_an_empty_warehouse_beside_a_home_with_runs(
    machines: TwoHomes, tmp_path: Path, shared_postgres: Postgres
) -> None:
    empty = lake_in_folder(shared_postgres, tmp_path / "empty")
    machines.hour_without(tmp_path / "other", "0.8")
    found = diagnose(tmp_path / "other", empty.environment, clock=machines.clock).findings
    (failed,) = (each for each in found if not each.ok and each.check.startswith("lake"))
    assert failed.check == "lake_copy"
    assert "is empty, and this home holds runs" in failed.message
    assert "pricehouse warehouse push" in str(failed.remedy)
    push_copy(tmp_path / "other", empty.settings, empty.store, clock=machines.clock)
    found = diagnose(tmp_path / "other", empty.environment, clock=machines.clock).findings
    assert [each for each in found if not each.ok] == []


def test_a_home_is_not_made_of_data_that_the_warehouse_refuses(
    machines: TwoHomes, tmp_path: Path
) -> None:
    settings = recorded_settings(tmp_path / "sample", {}, load_registry())
    options = RunOptions(origin="sample", flow="test", trigger="test")
    dependencies = Dependencies(lake=machines.lake, store=machines.store)
    with (
        pytest.raises(HomeKindError, match="holds live data"),
        open_run(settings, options, dependencies),
    ):
        pass
    assert machines.pull(tmp_path / "sample").how == "pulled"


def test_a_home_is_not_pushed_to_an_empty_warehouse_with_the_store_of_another(
    machines: TwoHomes, tmp_path: Path, shared_postgres: Postgres
) -> None:
    other, empty = tmp_path / "other", lake_in_folder(shared_postgres, tmp_path / "empty")
    machines.hour_without(other, "0.8")
    with pytest.raises(StoreConflict, match="another home writes there"):
        push_copy(other, empty.settings, machines.store, clock=machines.clock)
    machines.hour(machines.first, "0.4")
    machines.require_one_history(machines.first, machines.second)
