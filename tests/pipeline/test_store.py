"""A home with a store: what is pushed when, who is refused, and what a pulled home is."""

from __future__ import annotations

import shutil
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep, maintain
from pipeline.moving import pull_home, push_home
from pipeline.repair import repair
from pipeline.replay import replay
from pipeline.revise import revise
from samples.hub import serve
from samples.routes import error
from schemas.errors import HomeKindError, StoreConflict, UsageError
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.published import exported
from tests.support.stores import StorePlace
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.follower import pull_publication
from warehouse.store.objects import Store
from warehouse.store.store_checks import check_store, lacking_files
from warehouse.store.stored_home import orphans_of
from warehouse.store.stored_publications import remove_old_publications, stored_publications

HOUR = timedelta(hours=1)
PRICES = ("0.2", "0.3", "0.4")


def run_hours(home: Path, store: Store | None, clock: Clock, *prices: str) -> None:
    """Ingest one hour for each price."""
    with serve(small_catalog()) as hub:
        for price in prices:
            hub.show(small_catalog(input_price=price))
            assert ingest(home, hub, clock=clock, store=store).outcome == "published"
            clock.advance(HOUR)


def fail_an_hour(home: Path, store: Store, clock: Clock) -> None:
    with serve(small_catalog(), on_request=lambda _: error(403, "no")) as hub:
        assert ingest(home, hub, clock=clock, store=store).outcome == "failed"
    clock.advance(HOUR)


def landed(home: Path) -> dict[str, str]:
    """Return each file of the landing but what is set aside, with its hash."""
    return {
        path.relative_to(home).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in (home / "landing").rglob("*")
        if path.is_file() and "set-aside" not in path.parts and not path.name.startswith(".")
    }


def stored(store: Store) -> dict[str, str]:
    """Return each object of the landing in a store but the reservations, with its hash."""
    return {
        each.name: store.digest(each.name, size=each.size)
        for each in store.list("landing")
        if not each.name.startswith("landing/commits/")
    }


def require_sound(home: Path, store: Store) -> None:
    """Hold the store against its home: the same files, no leftovers, the same publication."""
    assert stored(store) == landed(home)
    assert [each for each in check_store(Home(home), store) if not each.ok] == []
    assert stored_publications(store)[-1].publication_id == published_id(Home(home))


@pytest.mark.slow
def test_a_pulled_home_is_the_one_that_was_pushed(store_place: StorePlace, tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, store, clock, *PRICES[:2])
    fail_an_hour(home, store, clock)
    run_hours(home, store, clock, PRICES[2])
    require_sound(home, store)

    there = tmp_path / "there"
    moved = pull_home(there, store_place.open_to_read(), clock=clock)
    assert (moved.replayed, moved.publication_id) == ([], published_id(Home(home)))
    assert [finding for finding in moved.findings if not finding.ok] == []
    assert landed(there) == landed(home)
    assert exported(there) == exported(home)

    (there / "warehouse.duckdb").unlink()
    replay(there, clock=clock)
    assert exported(there) == exported(home)


def test_a_second_machine_goes_on_and_the_first_is_refused(
    store_place: StorePlace, tmp_path: Path
) -> None:
    first, second, clock = tmp_path / "first", tmp_path / "second", Clock()
    run_hours(first, store_place.open(), clock, PRICES[0])
    pull_home(second, store_place.open(), clock=clock)
    run_hours(second, store_place.open(), clock, PRICES[1])
    before = published_id(Home(first))
    with serve(small_catalog()) as hub, pytest.raises(StoreConflict, match="warehouse pull"):
        ingest(first, hub, clock=clock, store=store_place.open())
    assert published_id(Home(first)) == before
    clock.advance(HOUR)
    run_hours(second, store_place.open(), clock, PRICES[2])
    require_sound(second, store_place.open())


def test_an_empty_home_is_refused_before_its_first_record(
    store_place: StorePlace, tmp_path: Path
) -> None:
    clock = Clock()
    run_hours(tmp_path / "home", store_place.open(), clock, PRICES[0])
    with serve(small_catalog()) as hub, pytest.raises(StoreConflict):
        ingest(tmp_path / "other", hub, clock=clock, store=store_place.open())
    assert not (tmp_path / "other" / "landing").exists()
    (tmp_path / "other" / "home.json").unlink()
    pull_home(tmp_path / "other", store_place.open(), clock=clock)


def test_of_two_homes_at_the_same_place_one_commits(
    store_place: StorePlace, tmp_path: Path
) -> None:
    first, second, clock = tmp_path / "first", tmp_path / "second", Clock()
    run_hours(first, store_place.open(), clock, PRICES[0])
    shutil.copytree(first, second, symlinks=True)
    store = store_place.open()

    def commit_first(function):  # type: ignore[no-untyped-def]
        def step(*arguments):  # type: ignore[no-untyped-def]
            if function.__name__ == "load_run":  # the second one has begun, and nothing was amiss
                run_hours(first, store, clock, PRICES[1])
            return function(*arguments)

        return step

    with serve(small_catalog()) as hub, pytest.raises(StoreConflict):
        ingest(second, hub, clock=Clock(START + 3 * HOUR), store=store, step=commit_first)
    assert Landing(second / "landing").newest_committed() == Landing(second / "landing").run_of(
        str(published_id(Home(second)))
    )
    require_sound(first, store)


def test_sample_data_does_not_enter_a_store_of_live_data(
    store_place: StorePlace, tmp_path: Path
) -> None:
    clock = Clock()
    run_hours(tmp_path / "home", store_place.open(), clock, PRICES[0])
    with serve(small_catalog()) as hub, pytest.raises(HomeKindError, match="another prefix"):
        ingest(tmp_path / "demo", hub, clock=clock, store=store_place.open(), origin="sample")


@pytest.mark.slow
def test_what_earlier_runs_did_not_push_comes_with_the_next(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, None, clock, *PRICES[:2])
    run_hours(home, store, clock, PRICES[2])
    require_sound(home, store)
    run_hours(home, None, clock, PRICES[0])
    replay(home, clock=clock, store=store)
    require_sound(home, store)
    revise(home, clock=clock, store=store)
    require_sound(home, store)
    assert pull_home(tmp_path / "there", store, clock=clock).replayed == []


def test_a_publication_that_was_not_pushed_is_replayed_by_a_pull(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, store, clock, *PRICES[:2])
    newest = stored_publications(store)[-1]
    store.delete([newest.label.name])  # a kill between the end mark and the label
    moved = pull_home(tmp_path / "there", store, clock=clock)
    assert moved.replayed == [newest.publication_id]
    assert exported(tmp_path / "there") == exported(home)


@pytest.mark.slow
def test_the_store_follows_maintenance(store_place: StorePlace, tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    for day in range(4):
        run_hours(home, store, clock, *(f"0.{day + 2}{hour}" for hour in range(3)))
        clock.advance(timedelta(days=1) - 3 * HOUR)
    done = maintain(home, Upkeep(keep_hourly_days=1), clock=clock, store=store)
    assert done.runs_packed
    assert done.objects_dropped
    assert done.checkpoint
    require_sound(home, store)
    run_hours(home, store, clock, *PRICES)
    require_sound(home, store)
    moved = pull_home(tmp_path / "there", store, clock=clock)
    assert moved.replayed == []
    (tmp_path / "there" / "warehouse.duckdb").unlink()
    replay(tmp_path / "there", clock=clock)
    assert exported(tmp_path / "there") == exported(home)


def test_a_dry_run_of_maintenance_leaves_the_store_as_it_is(tmp_path: Path) -> None:
    from tests.support.stores import folder_place

    home, clock, store = tmp_path / "home", Clock(), folder_place(tmp_path).open()
    run_hours(home, store, clock, *PRICES)
    clock.advance(timedelta(days=3))
    before = stored(store)
    maintain(home, Upkeep(keep_hourly_days=1, dry_run=True), clock=clock, store=store)
    assert stored(store) == before


def test_the_store_follows_a_repair(store_place: StorePlace, tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, store, clock, PRICES[0])
    run_hours(home, store, Clock(START + timedelta(days=300)), PRICES[1])
    repair(home, clock=clock, store=store)
    require_sound(home, store)
    run_hours(home, store, clock, PRICES[2])
    require_sound(home, store)


def test_old_publications_go_when_no_reader_can_be_pulling_them(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, store, clock, *PRICES, *PRICES[:2])
    published = [each.publication_id for each in stored_publications(store)]
    assert len(published) == 5  # each was followed only a moment ago
    assert remove_old_publications(store, older_than=timedelta(0)) == published[:2]
    assert [each.publication_id for each in stored_publications(store)] == published[2:]
    assert orphans_of(Home(home), store) == []


def test_a_home_that_only_reads_follows_and_writes_nothing(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    reader, read_only = Home(tmp_path / "reader"), store_place.open_to_read()
    assert pull_publication(reader, read_only) is None
    ids = []
    for price in (*PRICES, "0.5"):
        run_hours(home, store, clock, price)
        ids.append(pull_publication(reader, read_only))
        assert pull_publication(reader, read_only) is None
    assert ids == [run.run_id for run in Landing(home / "landing").committed()]
    assert exported(reader.root) == exported(home)
    assert len(list(reader.published.glob("*.duckdb"))) == 3
    require_sound(home, store)
    writer = Home(home)
    run_hours(tmp_path / "home", store, clock, "0.6")
    link = writer.link.readlink()
    writer.link.unlink()
    assert pull_publication(writer, store) is None  # it has a landing
    writer.link.symlink_to(link)


def test_a_pulled_file_that_is_not_the_pushed_one_is_no_publication(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    reader = Home(tmp_path / "reader")
    run_hours(home, store, clock, PRICES[0])
    pull_publication(reader, store)
    run_hours(home, store, clock, PRICES[1])
    newest = Path(Home(home).link.resolve())
    damaged = bytearray(newest.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    store.put(f"published/{newest.name}", bytes(damaged))
    with pytest.raises(Exception, match="other bytes than were pushed"):
        pull_publication(reader, store)
    assert published_id(reader) != published_id(Home(home))
    push_home(home, store, clock=clock)
    assert pull_publication(reader, store) == published_id(Home(home))


def test_doctor_names_what_is_wrong_and_each_remedy_leads_back(
    store_place: StorePlace, tmp_path: Path
) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, store, clock, *PRICES)

    def failed() -> dict[str, str]:
        return {each.check: each.message for each in check_store(Home(home), store) if not each.ok}

    lost = next(each.name for each in store.list("landing/objects"))
    store.delete([lost, f"published/marketplace-{published_id(Home(home))}.duckdb"])
    assert failed().keys() == {"store_objects"}
    assert push_home(home, store, clock=clock).files >= 2
    assert failed() == {}
    require_sound(home, store)

    store.put("published/marketplace-20200101T000000000000Z-killed.duckdb", b"half")
    assert failed().keys() == {"store_orphans"}
    maintain(home, clock=clock, store=store)
    assert failed() == {}

    store.put_new("landing/commits/00000004", b"20260301T999999000000Z-other")
    assert failed().keys() == {"store_runs"}
    with serve(small_catalog()) as hub, pytest.raises(StoreConflict, match="warehouse push"):
        ingest(home, hub, clock=clock, store=store)
    push_home(home, store, clock=clock)
    assert failed() == {}
    clock.advance(HOUR)
    run_hours(home, store, clock, PRICES[0])
    require_sound(home, store)


def test_a_run_of_another_home_that_ended_is_not_pushed_over(
    store_place: StorePlace, tmp_path: Path
) -> None:
    first, second, clock = tmp_path / "first", tmp_path / "second", Clock()
    run_hours(first, store_place.open(), clock, PRICES[0])
    pull_home(second, store_place.open(), clock=clock)
    run_hours(second, store_place.open(), clock, PRICES[1])
    with pytest.raises(StoreConflict):
        push_home(first, store_place.open(), clock=clock)
    require_sound(second, store_place.open())


def test_a_run_whose_end_was_not_pushed_ends_once(store_place: StorePlace, tmp_path: Path) -> None:
    first, second, clock = tmp_path / "first", tmp_path / "second", Clock()
    store = store_place.open()
    run_hours(first, store, clock, *PRICES[:2])
    last = Landing(first / "landing").runs()[-1].run_id
    store.delete([f"landing/runs/{last}/end.json", f"published/marketplace-{last}.json"])
    pull_home(second, store, clock=clock)
    fail_an_hour(second, store, clock)  # it marks that run as interrupted, in the store too
    with serve(small_catalog()) as hub, pytest.raises(StoreConflict):
        ingest(first, hub, clock=clock, store=store)


def test_only_an_empty_folder_is_pulled_into(store_place: StorePlace, tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    with pytest.raises(UsageError, match="holds no home"):
        pull_home(tmp_path / "there", store, clock=clock)
    run_hours(home, store, clock, PRICES[0])
    with pytest.raises(UsageError, match="is not empty"):
        pull_home(home, store, clock=clock)


def test_a_push_into_an_empty_store_brings_all(store_place: StorePlace, tmp_path: Path) -> None:
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    run_hours(home, None, clock, *PRICES)
    assert {check.check for check in check_store(Home(home), store) if not check.ok} == {
        "store_objects"
    }
    moved = push_home(home, store, clock=clock)
    assert moved.files > 20
    assert lacking_files(Home(home), store) == []
    require_sound(home, store)
    assert push_home(home, store, clock=clock).files == 0
