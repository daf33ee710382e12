"""Runs that a shared warehouse records: DuckLake on a real PostgreSQL, data in a folder or S3."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from pipeline.context import Dependencies
from pipeline.decisions import CorrectionRequest, correct
from pipeline.following import catch_up
from pipeline.maintenance import Upkeep, maintain
from pipeline.replay import replay
from pipeline.shared_warehouse import pull_copy, push_copy
from samples.hub import Hub, serve
from schemas.errors import HomeBusy, HomeKindError, UsageError, WarehouseError
from schemas.secrets import Secret
from tests.support.hours import Clock, ingest
from tests.support.killing import HOUR, START, catalog, run_hour
from tests.support.lakes import SharedPlace, lake_in_folder
from tests.support.postgres import Postgres
from tests.support.published import copy_landing
from tests.support.shared_killing import require_single_ids, shared_hour
from warehouse.connect import open_writer
from warehouse.lake.attach import open_lake
from warehouse.lake.copies import unlike_tables
from warehouse.lake.lake_upkeep import keep_lake, live_files
from warehouse.lake.shared_home import Lake, hold_home
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.publication.publish import published_id
from warehouse.storage.deliveries import JournalLine, Notice, open_journal
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.store.shared_journal import pull_journal, push_journal
from warehouse.writer.state import read_last_run


def exported(home: Path) -> dict[str, bytes]:
    """Return every file of an export by its name."""
    folder = home.with_name(f"{home.name}-exported")
    shutil.rmtree(folder, ignore_errors=True)
    return {path.name: path.read_bytes() for path in export(newest(Home.at(home)), folder)}


def to_the_second(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the texts without microseconds: which of two feeds that are fetched side by side looks
    at the clock first is not the same in two runs of one hour."""
    texts = {name: data for name, data in files.items() if name.endswith(".ndjson")}
    return {name: re.sub(rb"\.\d{6}Z", b"Z", data) for name, data in texts.items()}


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serve(catalog(0)) as running:
        yield running


def hours(home: Path, hub: Hub, place: SharedPlace | None, *, attempts: list[int]) -> None:
    """Run some hours of the simulated ones in a home, by a file or by a shared warehouse."""
    for attempt in attempts:
        hub.show(catalog(attempt))
        at = START + attempt * HOUR
        if place is None:
            run_hour(home, hub.url, at)
        else:
            shared_hour(home, hub.url, at, place)


@pytest.mark.slow
@pytest.mark.parametrize("place_kind", ["folder", "bucket"])
def test_the_same_hours_export_the_same_bytes_everywhere(
    tmp_path: Path, hub: Hub, any_place: SharedPlace
) -> None:
    file, first, second = tmp_path / "file", tmp_path / "first", tmp_path / "second"
    hours(file, hub, None, attempts=[0, 1, 2, 3])
    hours(first, hub, any_place, attempts=[0, 1])
    hours(second, hub, any_place, attempts=[2])
    hours(first, hub, any_place, attempts=[3])
    wanted = exported(first)
    assert to_the_second(wanted) == to_the_second(exported(file))
    # an hour behind, it is refreshed by what differs; and an empty home is pulled whole
    lake, store = any_place.settings, any_place.store
    assert pull_copy(second, lake, store).how == "refreshed"
    assert exported(second) == wanted
    third = tmp_path / "third"
    assert pull_copy(third, lake, store).how == "pulled"
    assert exported(third) == wanted
    # and what the machines landed is one history
    replayed = tmp_path / "replayed"
    shutil.copytree(third / "landing", replayed / "landing")
    assert len(replay(replayed)) == 4
    assert exported(replayed) == wanted
    require_single_ids(any_place)


@pytest.mark.slow
def test_a_home_moves_into_a_shared_warehouse_and_out(
    tmp_path: Path, hub: Hub, any_place: SharedPlace
) -> None:
    lake, store = any_place.settings, any_place.store
    file, other = tmp_path / "file", tmp_path / "other"
    hours(file, hub, None, attempts=[0, 1])
    assert push_copy(file, lake, store).how == "pushed"
    assert push_copy(file, lake, store).how == "equal"
    assert pull_copy(other, lake, store).how == "pulled"
    assert exported(other) == exported(file)
    # without the setting the copy is an ordinary home again
    hours(other, hub, None, attempts=[2])
    hours(file, hub, any_place, attempts=[2])
    assert to_the_second(exported(other)) == to_the_second(exported(file))


@pytest.mark.slow
def test_landed_hours_of_a_file_are_the_same_bytes_in_a_shared_warehouse_and_back(
    tmp_path: Path, hub: Hub, any_place: SharedPlace
) -> None:
    lake, store = any_place.settings, any_place.store
    file, shared, other = tmp_path / "file", tmp_path / "shared-home", tmp_path / "other"
    hours(file, hub, None, attempts=[0, 1, 2])
    wanted = exported(file)
    replayed = copy_landing(file, shared)
    assert len(replay(replayed, store=store, lake=lake)) == 3
    assert exported(shared) == wanted
    assert pull_copy(other, lake, store).how == "pulled"
    assert exported(other) == wanted
    # out of the other machine's landing, a file again
    back = copy_landing(other, tmp_path / "back")
    assert len(replay(back)) == 3
    assert exported(back) == wanted


@pytest.mark.slow
def test_a_second_machine_decides_about_what_the_first_one_saw(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    hours(first, hub, shared_place, attempts=[0])
    lake, store = shared_place.settings, shared_place.store
    pull_copy(second, lake, store)
    hours(first, hub, shared_place, attempts=[1])
    with duckdb.connect(str(newest(Home.at(first))), read_only=True) as con:
        query = "SELECT offer_id FROM prices WHERE unit = 'input_token' ORDER BY offer_id LIMIT 1"
        (offer_id,) = con.sql(query).fetchone() or ("",)
    at = START + 1.5 * HOUR
    request = CorrectionRequest(offer_id, "input_token", "0.102", 1_000_000, "ann", "a slip")
    report = correct(second, request, clock=lambda: at, store=store, lake=lake)
    assert report.outcome == "published"
    catch_up(Home.at(first), Dependencies(store=store, lake=lake), lock_wait_s=5)
    assert exported(first) == exported(second)
    assert published_id(Home.at(first)) == report.run_id


@pytest.mark.slow
def test_the_files_that_maintenance_leaves_do_not_grow_in_number(
    tmp_path: Path, hub: Hub, any_place: SharedPlace
) -> None:
    home, left = tmp_path / "home", []
    for first in (0, 4, 8):  # offers end and come back, which deletes rows of files just written
        hours(home, hub, any_place, attempts=list(range(first, first + 4)))
        at = START + (first + 3.5) * HOUR
        lake, store = any_place.settings, any_place.store
        done = maintain(home, Upkeep(), clock=lambda: at, store=store, lake=lake)  # noqa: B023
        assert done.lake is not None
        left.append(done.lake.files_after)
    assert left == [left[0]] * 3
    assert left[0] <= 60


@pytest.mark.slow
def test_maintenance_leaves_few_files_and_time_travel(
    tmp_path: Path, hub: Hub, any_place: SharedPlace
) -> None:
    home, lake, store = tmp_path / "home", any_place.settings, any_place.store
    hours(home, hub, any_place, attempts=list(range(4)))
    before = exported(home)
    with open_lake(lake) as con:
        many = len(live_files(con))
        (version,) = con.execute("SELECT max(snapshot_id) FROM lake.snapshots()").fetchone() or (0,)
    done = maintain(home, Upkeep(), clock=lambda: START + 5 * HOUR, store=store, lake=lake)
    assert done.lake is not None
    assert done.lake.files_before == many
    assert done.lake.files_after <= 60
    assert done.lake.files_after < many
    assert unlike_tables(Home.at(home), lake) == []
    with open_lake(lake) as con:
        runs = con.execute(
            "SELECT count(*) FROM internal._ph_run AT (VERSION => CAST($v AS BIGINT))",
            {"v": version},
        )
        assert runs.fetchone() == (4,)
        messages = con.execute("SELECT commit_message FROM lake.snapshots()").fetchall()
    assert sum(str(text).startswith("ingest 2026") for (text,) in messages) == 4
    # what nothing needs goes when its age has passed
    with hold_home(Home.at(home), lake, wait_s=5) as shared:
        assert isinstance(shared, Lake)
        kept = keep_lake(shared, keep_snapshots=timedelta(0), keep_files=timedelta(0))
    assert kept.snapshots_expired > 0
    assert kept.files_removed > 0
    third = tmp_path / "third"
    pull_copy(third, lake, store)
    assert exported(third) == before


@pytest.mark.slow
def test_a_stopped_postgres_ends_the_run_and_the_next_one_is_whole(
    tmp_path: Path, hub: Hub, shared_postgres: Postgres, shared_place: SharedPlace
) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    hours(home, hub, shared_place, attempts=[0])
    published = published_id(Home.at(home))
    hub.show(catalog(1))

    def stop(step: str) -> None:
        if step == "load_run":
            shared_postgres.stop()

    try:
        with pytest.raises(WarehouseError, match="PostgreSQL of the shared warehouse"):
            shared_hour(home, hub.url, START + HOUR, shared_place, stop)
        assert published_id(Home.at(home)) == published
        with pytest.raises(WarehouseError, match=r"PostgreSQL of the .* Connection refused"):
            shared_hour(home, hub.url, START + 1.1 * HOUR, shared_place)
    finally:
        shared_postgres.start()
    hours(home, hub, shared_place, attempts=[2])
    runs = [run.record.started_at for run in Landing(home / "landing").committed()]
    assert [round((at - START) / HOUR) for at in runs] == [0, 2]
    hours(twin, hub, None, attempts=[0, 2])
    cards = "cards.ndjson"
    assert exported(home)[cards] == exported(twin)[cards]
    require_single_ids(shared_place)


@pytest.mark.slow
def test_a_home_with_other_runs_is_replaced_by_the_copy(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    lake, store = shared_place.settings, shared_place.store
    first, second = tmp_path / "first", tmp_path / "second"
    hours(first, hub, shared_place, attempts=[0, 1])
    pull_copy(second, lake, store)
    hours(second, hub, None, attempts=[2])  # by somebody who forgot the setting
    hours(first, hub, shared_place, attempts=[3])
    hours(second, hub, shared_place, attempts=[4])
    aside = [run.run_id for run in Landing(second / "landing").set_aside_runs()]
    assert len(aside) == 1
    pull_copy(first, lake, store)
    assert exported(first) == exported(second)
    with open_writer(Home.at(second).warehouse) as con:
        last = read_last_run(con)
    assert last is not None
    assert last.sequence == 4


@pytest.mark.slow
def test_one_writer_waits_for_the_other_and_names_it(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    hours(first, hub, shared_place, attempts=[0])
    lake = shared_place.settings
    home = Home.open(second, origin="live")
    with (
        hold_home(Home.at(first), lake, wait_s=5),
        pytest.raises(HomeBusy, match=r"being written by .* \d+@"),
        hold_home(home, lake, wait_s=0.5),
    ):
        pass
    with hold_home(home, lake, wait_s=60) as shared:
        assert shared is not None


@pytest.mark.slow
def test_the_head_lets_one_of_two_unlocked_writers_commit(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    home = tmp_path / "home"
    hours(home, hub, shared_place, attempts=[0])
    lake = shared_place.settings
    with open_lake(lake) as one, open_lake(lake) as other:
        for con in (one, other):
            con.execute("BEGIN")
            moved = "UPDATE internal._ph_head SET sequence = 2, run_id = 'mine'"
            assert con.execute(moved).fetchone() == (1,)
        one.execute("COMMIT")
        with pytest.raises(duckdb.Error, match="conflict"):
            other.execute("COMMIT")


@pytest.mark.slow
def test_a_home_and_a_shared_warehouse_of_two_kinds_do_not_meet(
    tmp_path: Path, hub: Hub, shared_postgres: Postgres, shared_place: SharedPlace
) -> None:
    hours(tmp_path / "live", hub, shared_place, attempts=[0])
    lake, store = shared_place.settings, shared_place.store
    with pytest.raises(HomeKindError, match="holds live data"):
        ingest(tmp_path / "sample", hub, clock=Clock(), origin="sample", store=store, lake=lake)
    empty = lake_in_folder(shared_postgres, tmp_path / "empty")
    with pytest.raises(UsageError, match="is empty"):
        pull_copy(tmp_path / "none", empty.settings, empty.store)
    hours(tmp_path / "other", hub, None, attempts=[0])
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with pytest.raises(WarehouseError, match="warehouse push"):
        shared_hour(tmp_path / "other", hub.url, at, empty)


@pytest.mark.slow
def test_an_analyst_reads_and_travels_in_time_and_writes_nothing(
    tmp_path: Path, hub: Hub, shared_postgres: Postgres, shared_place: SharedPlace
) -> None:
    home, lake = tmp_path / "home", shared_place.settings
    hours(home, hub, shared_place, attempts=[0, 1])
    role = f"analyst_{lake.schema}"
    for grant in (
        f"CREATE ROLE {role} LOGIN PASSWORD 'read-only'",
        f"GRANT USAGE ON SCHEMA {lake.schema} TO {role}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {lake.schema} TO {role}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {lake.schema} GRANT SELECT ON TABLES TO {role}",
    ):
        shared_postgres.run(grant)
    hours(home, hub, shared_place, attempts=[2])  # whose new tables the role can read too
    place = shared_postgres.libpq().replace(f"user={shared_postgres.user}", f"user={role}")
    where = f"ducklake:postgres:{place} password=read-only"
    options = f"METADATA_SCHEMA '{lake.schema}'"
    publication = newest(Home.at(home))
    with open_lake(lake) as extensions:  # which the shell of an analyst installs
        extensions.execute(f"ATTACH '{where}' AS prices ({options}, READ_ONLY)")
        extensions.execute(f"ATTACH '{where}' AS writable ({options})")
        for relation in ("cards", "price_history", "changes"):
            query = f"SELECT count(*) FROM prices.{relation}"
            with duckdb.connect(str(publication), read_only=True) as con:
                wanted = con.sql(f"SELECT count(*) FROM {relation}").fetchone()
            assert extensions.execute(query).fetchone() == wanted, relation
        snapshots = extensions.execute(
            "SELECT snapshot_id, commit_message FROM prices.snapshots() ORDER BY snapshot_id"
        ).fetchall()
        (second,) = [number for number, text in snapshots if "20260301T0101" in str(text)]
        extensions.execute(f"ATTACH '{where}' AS past ({options}, SNAPSHOT_VERSION {second})")
        runs = extensions.execute("SELECT count(*) FROM past.runs").fetchone()
        assert runs == (2,)
        with pytest.raises(duckdb.Error, match="permission denied"):
            extensions.execute("DELETE FROM writable.internal._ph_head")


@pytest.mark.slow
def test_a_large_first_run_in_parts_is_recorded_whole(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    home, twin = tmp_path / "home", tmp_path / "twin"
    hub.show(catalog(0))
    shared_hour(home, hub.url, START, shared_place, part_rows=50)
    hours(twin, hub, None, attempts=[0])
    assert to_the_second(exported(home)) == to_the_second(exported(twin))
    with patch.dict("os.environ", shared_place.environment):
        assert unlike_tables(Home.at(home), shared_place.settings) == []


@pytest.mark.slow
def test_tables_of_earlier_code_are_pulled_and_brought_up_to_date(
    tmp_path: Path, hub: Hub, shared_place: SharedPlace
) -> None:
    home, other, lake = tmp_path / "home", tmp_path / "other", shared_place.settings
    hours(home, hub, shared_place, attempts=[0])
    with open_lake(lake) as con:  # as before migration 016
        con.execute("DROP TABLE internal._ph_alert")
        con.execute("UPDATE internal._ph_head SET migration = 15, views = ''")
    hours(other, hub, shared_place, attempts=[1])
    assert unlike_tables(Home.at(other), lake) == []
    hours(home, hub, shared_place, attempts=[2])
    assert unlike_tables(Home.at(home), lake) == []
    pull_copy(other, lake, shared_place.store)
    assert exported(home) == exported(other)
    with open_lake(lake) as con:
        con.execute("UPDATE internal._ph_head SET migration = 900")
    with pytest.raises(WarehouseError, match="newer code"):
        hours(home, hub, shared_place, attempts=[3])


def test_a_message_that_one_machine_sent_is_known_to_the_other(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    first, second = Home(tmp_path / "first"), Home(tmp_path / "second")
    store, address = shared_place.store, Secret("json://receiver.example")
    first.root.mkdir()
    second.root.mkdir()
    for home, alert in ((first, "one"), (second, "two")):
        with open_journal(home, now=START) as journal:
            name = journal.address_id(address)
            notices: list[Notice] = [(alert, "opened")]
            journal.append(JournalLine(at=START, state="sent", address=name, notices=notices))
    push_journal(first, store)
    pull_journal(second, store)
    push_journal(second, store)
    pull_journal(first, store)
    with open_journal(first, now=START) as one:
        assert one.done(one.address_id(address)) == {("one", "opened")}
        salt = one.salt
    with open_journal(second, now=START) as other:
        # what it sent under another salt counts for its own address alone
        assert other.done(other.address_id(address)) == {("one", "opened")}
        assert other.salt == salt
        assert len([line for line in other.lines if line.state == "sent"]) == 2
