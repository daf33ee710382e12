"""Maintenance: less on disk, nothing lost, and a second time nothing at all."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb
import pytest

from pipeline.maintenance import Maintained, Upkeep
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error
from schemas.errors import HomeBusy, LandingError, UsageError, WarehouseError
from tests.support.backends import FILE, WITHOUT_S3, Backend, maintain, on_files_alone, replay
from tests.support.command import answered, pricehouse
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import exported
from warehouse.connect import open_writer
from warehouse.migrate import migrate
from warehouse.publication.newest import newest
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.lock import hold
from warehouse.storage.retention import runs_lacking_bytes
from warehouse.tables import TABLES
from warehouse.writer.checkpoint import checkpoints

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), WITHOUT_S3]

DAYS, HOURS = 5, 5
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TODAY = datetime(2026, 3, DAYS, 23, tzinfo=UTC)
TWO_DAYS = Upkeep(keep_hourly_days=2)


def run_hours(home: Path, days: int, *, clock: Clock) -> None:
    """Tell five hours a day with a price of their own; on each day one of them fails."""
    broken = {"paths": set[str]()}

    def fail(request: ServerRequest) -> ServerReply | None:
        return error(403, "not now") if request.path in broken["paths"] else None

    with serve(small_catalog(), on_request=fail) as hub:
        for day in range(days):
            for hour in range(HOURS + 1):
                price = f"0.{day + 1}{hour + 1}"
                hub.show(small_catalog(input_price=price, output_price=price))
                broken["paths"] = {"/api/models", "/v1/models"} if hour == HOURS else set()
                ingest(home, hub, clock=clock)
                clock.advance(timedelta(hours=1))
            clock.advance(timedelta(hours=24 - HOURS - 1))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    home = tmp_path_factory.mktemp("made")
    run_hours(home, DAYS, clock=Clock(START))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    root = tmp_path / "home"
    shutil.copytree(made, root, symlinks=True)
    return root


def upkept(home: Path, upkeep: Upkeep = TWO_DAYS, *, now: datetime = TODAY) -> Maintained:
    return maintain(home, upkeep, clock=Clock(now), lock_wait_s=0)


def rebuilt(home: Path, at: Path) -> Path:
    """Replay a copy of nothing but the landing."""
    shutil.copytree(home / "landing", at / "landing")
    replay(at)
    return at


def tree(home: Path) -> dict[str, str]:
    """Return each file's hash; not of the writer's, which each opening changes."""
    return {
        str(path.relative_to(home)): sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and path.name not in {"warehouse.duckdb", ".lock"}
    }


def landing_of(home: Path) -> Landing:
    return Landing(home / "landing")


def test_old_runs_keep_their_bytes_once_a_day_and_new_ones_always(home: Path) -> None:
    done = upkept(home)
    landing = landing_of(home)
    committed = landing.committed()
    assert done.hourly_since == datetime(2026, 3, 3, tzinfo=UTC)
    lost = {run.run_id for run, _ in runs_lacking_bytes(landing, committed)}
    old = [run for run in committed if run.record.started_at < done.hourly_since]
    last_of_day = {run.record.started_at.date(): run.run_id for run in old}
    assert len(old) == 2 * HOURS
    assert lost == {run.run_id for run in old} - set(last_of_day.values())
    assert set(done.runs_thinned) == lost
    assert done.objects_dropped == 2 * len(lost)  # each hour had a price of its own in both feeds
    assert done.bytes_freed > 0
    assert len(landing.runs()) == DAYS * (HOURS + 1)  # the records of every run stay


def test_records_of_old_runs_are_packed_by_day_and_stay_the_same(home: Path) -> None:
    landing = landing_of(home)
    before = {run.run_id: (run.as_packed(), run.record) for run in landing.runs()}
    done = upkept(home)
    after = {run.run_id: (run.as_packed(), run.record) for run in landing.runs()}
    assert after == before
    assert list(after) == sorted(after)
    assert [run.run_id for run in landing.newest_first()] == sorted(after, reverse=True)
    packed = [run for run in landing.runs() if run.packed is not None]
    assert len(packed) == done.runs_packed == 2 * (HOURS + 1)
    assert all(run.record.started_at < done.hourly_since for run in packed)
    assert sorted(path.name for path in (home / "landing" / "days").iterdir()) == [
        "20260301.json.zst",
        "20260302.json.zst",
    ]
    for run in packed:
        assert not (home / "landing" / "runs" / run.run_id).exists()
        assert landing.run_of(run.run_id) == run
        assert [run.fetch_of(fetch.feed) for fetch in run.fetches()] == run.fetches()
    assert landing.unfinished() == []


def test_a_folder_that_a_kill_left_beside_its_packed_records_changes_nothing(home: Path) -> None:
    landing = landing_of(home)
    first = landing.runs()[0]
    kept = home / "kept"
    shutil.copytree(first.path, kept)
    upkept(home)
    runs = landing.runs()
    shutil.copytree(kept, first.path)
    (first.path / "hub.json").unlink()
    assert landing.runs() == runs
    assert upkept(home).runs_packed == 0
    assert not first.path.exists(), "only its space was taken"
    assert landing.runs() == runs


def test_what_was_thinned_can_still_be_rebuilt_byte_for_byte(home: Path, tmp_path: Path) -> None:
    before = exported(home)
    done = upkept(home)
    assert done.checkpoint is not None
    assert exported(rebuilt(home, tmp_path / "again")) == before


def test_runs_after_a_checkpoint_are_replayed_from_their_bytes(home: Path, tmp_path: Path) -> None:
    upkept(home)
    run_hours(home, 1, clock=Clock(TODAY + timedelta(hours=1)))
    again = rebuilt(home, tmp_path / "again")
    assert exported(again) == exported(home)
    assert replay(again) == []


def test_the_second_time_nothing_changes(home: Path) -> None:
    upkept(home, Upkeep(keep_hourly_days=2, compact=True))
    before = tree(home)
    again = upkept(home, Upkeep(keep_hourly_days=2, compact=True))
    assert tree(home) == before
    assert (again.compacted, again.checkpoint, again.bytes_freed) == (False, None, 0)
    assert (again.runs_thinned, again.objects_dropped, again.leftovers) == ([], 0, [])


def test_a_dry_run_counts_the_same_and_changes_nothing(home: Path) -> None:
    before = tree(home)
    looked = upkept(home, Upkeep(keep_hourly_days=2, dry_run=True))
    assert tree(home) == before
    done = upkept(home)
    assert looked.dry_run
    assert looked.checkpoint == done.checkpoint
    assert (looked.runs_thinned, looked.compacted) == (done.runs_thinned, done.compacted)
    assert looked.objects_dropped == done.objects_dropped > 0


def test_bytes_that_a_kept_run_names_too_stay(home: Path) -> None:
    with serve(small_catalog(input_price="0.12", output_price="0.12")) as hub:
        ingest(home, hub, clock=Clock(TODAY + timedelta(hours=1)))  # the second hour of all again
    landing = landing_of(home)
    second, third = landing.committed()[1:3]
    assert upkept(home).objects_dropped > 0
    lost = {run.run_id for run, _ in runs_lacking_bytes(landing, landing.committed())}
    assert third.run_id in lost
    assert second.run_id not in lost


def test_a_new_checkpoint_comes_only_when_the_old_one_no_longer_covers(home: Path) -> None:
    (first,) = [upkept(home).checkpoint]
    assert upkept(home, now=TODAY + timedelta(days=1)).checkpoint is None
    run_hours(home, 1, clock=Clock(TODAY + timedelta(hours=1)))
    later = upkept(home, now=TODAY + timedelta(days=9))
    assert later.checkpoint not in (None, first)
    assert len(checkpoints(Home.at(home))) == 2
    run_hours(home, 1, clock=Clock(TODAY + timedelta(days=10)))
    latest = upkept(home, now=TODAY + timedelta(days=19))
    kept = [checkpoint.path.name for checkpoint in checkpoints(Home.at(home))]
    assert kept == [latest.checkpoint, later.checkpoint]
    assert latest.checkpoints_dropped == [f"landing/checkpoints/{first}"]


def test_without_bytes_and_checkpoint_replay_names_what_is_missing(
    home: Path, tmp_path: Path
) -> None:
    upkept(home)
    (checkpoint,) = checkpoints(Home.at(home))
    checkpoint.path.unlink()
    run, gone = runs_lacking_bytes(landing_of(home), landing_of(home).committed())[-1]
    with pytest.raises(LandingError, match=f"{run.run_id}: landed payload {gone} is missing"):
        rebuilt(home, tmp_path / "again")


@pytest.mark.parametrize("damage", ["changed", "truncated", "renamed"])
def test_a_damaged_checkpoint_is_ignored_and_rewritten_by_the_next_maintenance(
    home: Path, tmp_path: Path, damage: str, backend: Backend
) -> None:
    before = exported(home)
    upkept(home)
    (checkpoint,) = checkpoints(Home.at(home))
    data = bytearray(checkpoint.path.read_bytes())
    if damage == "changed":
        data[len(data) // 2] ^= 1
        checkpoint.path.write_bytes(data)
    elif damage == "truncated":
        checkpoint.path.write_bytes(data[: len(data) // 2])
    else:
        checkpoint.path.rename(checkpoint.path.with_name("00000099-another.duckdb.zst"))
    with pytest.raises(LandingError, match="no whole checkpoint"):
        rebuilt(home, tmp_path / "again")
    is_written = upkept(home).checkpoint is not None
    # a store has it whole, and one that is absent or of another size here is pulled
    assert is_written or (backend.name != FILE and damage != "changed")
    assert exported(rebuilt(home, tmp_path / "mended")) == before


@on_files_alone("a copy that is gone is pulled again")
def test_nothing_is_dropped_while_the_warehouse_lacks_a_committed_run(home: Path) -> None:
    (home / "warehouse.duckdb").unlink()
    before = tree(home)
    with pytest.raises(WarehouseError, match="pricehouse replay"):
        upkept(home)
    assert tree(home) == before
    assert not (home / "warehouse.duckdb").exists()
    replay(home)
    assert upkept(home).objects_dropped > 0


def described(file: Path) -> list[tuple[object, ...]]:
    """Return what a file is apart from its rows: tables, views, macros, comments, migrations."""
    with duckdb.connect(str(file), read_only=True) as con:
        return [
            row
            for query in (
                "SELECT table_name, sql, comment FROM duckdb_tables() "
                "WHERE table_name NOT IN ('_ph_opened', '_ph_compacted') ORDER BY ALL",
                "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY 1",
                "SELECT table_name, column_name, comment FROM duckdb_columns() "
                "WHERE NOT internal AND table_name NOT IN ('_ph_opened', '_ph_compacted') "
                "ORDER BY ALL",
                # sorted: DuckDB turns the names of an EXCLUDE round each time it writes them
                "SELECT function_name, comment, list_sort(regexp_split_to_array("
                "macro_definition, '[^A-Za-z0-9_]+')) FROM duckdb_functions() "
                "WHERE NOT internal ORDER BY ALL",
                "SELECT * FROM internal._ph_migration ORDER BY ALL",
                "SELECT tags FROM duckdb_databases() WHERE NOT internal",
            )
            for row in con.execute(query).fetchall()
        ]


def test_a_rewritten_warehouse_holds_the_same_in_order_and_is_smaller(home: Path) -> None:
    file = home / "warehouse.duckdb"
    link, before, form = (home / "marketplace.duckdb").readlink(), exported(home), described(file)
    done = upkept(home)
    assert done.compacted  # 25 committed runs
    assert done.warehouse_bytes_after < done.warehouse_bytes_before
    assert described(file) == form
    with duckdb.connect(str(file), read_only=True) as con:
        for table in TABLES:
            columns = ", ".join(f'"{column}"' for column in table.order)
            rows = con.execute(f"SELECT {columns} FROM {table.name} ORDER BY rowid").fetchall()
            assert rows == sorted(rows), table.name
    assert (home / "marketplace.duckdb").readlink() == link  # readers keep what they have
    run_hours(home, 1, clock=Clock(TODAY + timedelta(hours=1)))
    assert len(exported(home)) == len(before)


def test_publications_of_a_rewritten_and_of_an_untouched_warehouse_are_the_same(
    home: Path, made: Path, tmp_path: Path
) -> None:
    upkept(home)
    (home / "marketplace.duckdb").unlink()  # so that the next command publishes the same run again
    shutil.rmtree(home / "published")
    upkept(home)
    untouched = tmp_path / "untouched"
    shutil.copytree(made, untouched, symlinks=True)
    assert exported(home) == exported(untouched)


def test_a_rewrite_waits_for_24_runs_unless_it_is_requested(home: Path) -> None:
    assert upkept(home).compacted
    assert not upkept(home, Upkeep(compact=True)).compacted  # nothing came since
    run_hours(home, 1, clock=Clock(TODAY + timedelta(hours=1)))
    assert not upkept(home, now=TODAY + timedelta(days=1)).compacted
    assert upkept(home, Upkeep(compact=True), now=TODAY + timedelta(days=1)).compacted


def test_every_table_has_an_order(tmp_path: Path) -> None:
    with open_writer(tmp_path / "new.duckdb") as con:
        migrate(con, now=TODAY)
        found = {
            name for (name,) in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        }
    assert found - {"_ph_opened"} == {table.relation for table in TABLES}


def test_what_killed_processes_left_is_removed_and_nothing_else(home: Path) -> None:
    run = landing_of(home).runs()[0].path
    left = [
        home / ".home.json.4-aa.tmp",
        home / ".marketplace.duckdb.4.tmp",
        home / ".draft.tmp" / "warehouse.duckdb",
        home / ".rows.tmp" / "0.arrow",
        home / "warehouse.duckdb.tmp" / "duckdb_temp_storage-0.tmp",
        home / "warehouse.duckdb.4-aa.tmp" / "duckdb_temp_storage-0.tmp",
        home / "published" / ".marketplace-x.duckdb.tmp",
        home / "published" / "marketplace-x.duckdb.4-aa.tmp" / "duckdb_temp_storage-0.tmp",
        home / "landing" / "objects" / "aa" / ".aab.zst.4-aa.tmp",
        home / "landing" / "checkpoints" / ".00000001-x.duckdb.zst.tmp",
        run / ".end.json.4-aa.tmp",
    ]
    reading = newest(Home(home)).name  # which another process may have open
    others = [
        *(home / "notes.tmp", home / ".editor.tmp", home / "prefect" / ".x.tmp"),
        home / "published" / f"{reading}.4-aa.tmp" / "duckdb_temp_storage-0.tmp",
    ]
    for path in left + others:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1000)
    done = upkept(home, Upkeep())
    assert len(done.leftovers) == len(left)
    assert done.bytes_freed >= 1000 * len(left)
    assert [path for path in left if path.exists()] == []
    assert [path for path in others if not path.exists()] == []


def test_old_publications_go_and_the_linked_one_stays(home: Path) -> None:
    linked = newest(Home.at(home))
    for number in range(4):
        shutil.copy(linked, home / "published" / f"marketplace-2027010{number}.duckdb")
    done = upkept(home, Upkeep())
    assert len(done.publications_dropped) == 4  # two of them, and two that were there
    assert linked.exists()
    assert len(list((home / "published").iterdir())) == 3


@on_files_alone("the lock of one machine, which comes first")
def test_maintenance_waits_for_another_writer_and_then_fails(home: Path) -> None:
    with hold(home / ".lock", wait_s=0), pytest.raises(HomeBusy):
        upkept(home)


@pytest.mark.parametrize("days", [0, 3651, -1])
def test_an_invalid_number_of_days_is_refused(days: int) -> None:
    with pytest.raises(UsageError):
        Upkeep(keep_hourly_days=days)


def test_a_home_without_a_run_has_nothing_to_maintain(tmp_path: Path) -> None:
    Home.open(tmp_path, origin="live")
    done = upkept(tmp_path)
    assert (done.bytes_freed, done.checkpoint, done.compacted) == (0, None, False)
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_the_maintain_command_reports_what_was_removed(home: Path) -> None:
    done = pricehouse("maintain", "--keep-hourly-days", "1", home=home)
    assert done.returncode == 0, done.stderr
    for text in ("freed", "20 runs", "replaces them", "rewritten in order"):
        assert text in done.stdout
    again = answered(pricehouse("maintain", "--keep-hourly-days", "1", "--json", home=home))
    assert again["objects_dropped"] == 0
    assert pricehouse("maintain", "--keep-hourly-days", "0", home=home).returncode == 2
    assert pricehouse("maintain", home=home / "nowhere").returncode == 2
