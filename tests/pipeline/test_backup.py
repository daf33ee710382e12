"""Backup and restore: at every step of a run, of maintenance, after damage, into wrong places."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from pipeline.backup import BackedUp, back_up
from pipeline.maintenance import Upkeep
from pipeline.restore import restore
from samples.hub import serve
from samples.routes import error
from schemas.errors import BackupError, HomeError, HomeKindError, LandingError, UsageError
from tests.support.backends import Backend, maintain, replay
from tests.support.command import answered, pricehouse
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.published import exported
from warehouse.connect import open_writer
from warehouse.publication.publish import publish, published_id
from warehouse.statements import statement
from warehouse.storage.backup_folder import BackupFolder
from warehouse.storage.deliveries import journal_path
from warehouse.storage.future_runs import future_runs
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.lock import hold

pytestmark = pytest.mark.usefixtures("backend")

PRICES = ("0.2", "0.3", "0.4")
LATE = Clock(START + timedelta(days=1000))
LATER = timedelta(days=40)  # and twice that: not ahead of the clock of a lake's PostgreSQL


def fail_an_hour(home: Path, clock: Clock) -> None:
    with serve(small_catalog(), on_request=lambda _: error(403, "no")) as hub:
        assert ingest(home, hub, clock=clock).outcome == "failed"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    """Two hours, and a third run that failed."""
    home, clock = tmp_path_factory.mktemp("made"), Clock()
    with serve(small_catalog()) as hub:
        for price in PRICES[:2]:
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
            clock.advance(timedelta(hours=1))
    fail_an_hour(home, clock)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def backup(made: Path, tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    folder = tmp_path_factory.mktemp("backup")
    back_up(made, folder)
    return folder


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and not p.is_symlink() and p.name != ".lock"
    }


def restored(folder: Path, at: Path) -> Path:
    done = restore(folder, at, clock=LATE)
    assert [f for f in done.findings if not f.ok] == []
    return at


def test_a_backup_and_its_restore_are_the_same_home(
    backup: Path, made: Path, tmp_path: Path
) -> None:
    again = restored(backup, tmp_path / "again")
    assert exported(again) == exported(made)
    damaged = tmp_path / "damaged"
    shutil.copytree(backup, damaged)
    path = max((damaged / "files").glob("*/*"), key=lambda file: file.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupError, match=path.name):
        restore(damaged, tmp_path / "other")


@pytest.mark.slow
def test_a_restored_home_is_the_same_and_continues(
    home: Path, tmp_path: Path, backend: Backend
) -> None:
    done = answered(pricehouse("backup", str(tmp_path / "b"), "--json", home=home))
    assert (done["runs"], done["files_added"]) == (3, done["files"])
    again = tmp_path / "again"
    found = answered(pricehouse("restore", str(tmp_path / "b"), "--json", home=again))
    assert found["publication_id"] == done["publication_id"]
    assert {p.name for p in again.iterdir()} == {
        ".lock",
        "home.json",
        "landing",
        "marketplace.duckdb",
        "published",
        "warehouse.duckdb",
    }
    assert exported(again) == exported(home)
    assert os.readlink(again / "marketplace.duckdb") == os.readlink(home / "marketplace.duckdb")
    backend.push(again)
    clock = Clock()
    clock.advance(LATER)
    with serve(small_catalog(input_price=PRICES[2])) as hub:
        for each in (home, again):
            ingest(each, hub, clock=clock)
    rebuilt = tmp_path / "rebuilt"
    shutil.copytree(again / "landing", rebuilt / "landing")
    replay(rebuilt, clock=clock)
    assert exported(rebuilt) == exported(again)


@pytest.mark.slow
def test_a_second_backup_copies_what_is_new_and_forgets_what_is_old(
    home: Path, tmp_path: Path
) -> None:
    folder, clock = tmp_path / "b", Clock()
    first = back_up(home, folder)
    before = files_of(folder)
    same = back_up(home, folder)
    assert (same.files_added, same.files) == (0, first.files)
    assert files_of(folder).keys() == before.keys()
    clock.advance(LATER)
    with serve(small_catalog(input_price=PRICES[2])) as hub:
        ingest(home, hub, clock=clock)
    second = back_up(home, folder)
    assert 0 < second.files_added < first.files
    old = files_of(folder).keys() - before.keys()
    assert len(old) == len({*files_of(folder)} - {*before})
    assert exported(restored(folder, tmp_path / "again")) == exported(home)
    named = len(list((folder / "files").glob("*/*")))
    assert named <= second.files


@pytest.mark.slow
def test_at_each_step_of_a_run_a_backup_is_what_readers_see(home: Path, tmp_path: Path) -> None:
    clock, backups = Clock(), dict[str, tuple[Path, str]]()
    clock.advance(LATER)

    def step(function):
        def called(*arguments):
            folder = tmp_path / function.__name__
            back_up(home, folder)
            backups[function.__name__] = folder, os.readlink(home / "marketplace.duckdb")
            return function(*arguments)

        return called

    before = exported(home)
    with serve(small_catalog(input_price=PRICES[2])) as hub:
        ingest(home, hub, clock=clock, step=step)
    assert len(backups) == 10
    for name in ("extract_feeds", "check_run", "load_run", "publish_run"):
        folder, link = backups[name]
        again = restored(folder, tmp_path / f"{name}-again")
        assert os.readlink(again / "marketplace.duckdb") == link
        assert exported(again) == before
    assert exported(home) != before


@pytest.mark.slow
def test_during_maintenance_a_backup_is_whole(home: Path, tmp_path: Path) -> None:
    clock = Clock()
    clock.advance(LATER)
    with serve(small_catalog(input_price=PRICES[2])) as hub:
        ingest(home, hub, clock=clock)
    before, folder = exported(home), tmp_path / "b"
    clock.advance(LATER)
    made: list[BackedUp] = []

    def on_step(_: str) -> None:
        made.append(back_up(home, folder))
        at = tmp_path / f"again-{len(made)}"
        assert exported(restored(folder, at)) == before
        shutil.rmtree(at)

    done = maintain(home, Upkeep(keep_hourly_days=1, compact=True), clock=clock, on_step=on_step)
    assert done.objects_dropped
    assert done.runs_packed == 4
    back_up(home, folder)
    again = restored(folder, tmp_path / "again")
    assert exported(again) == before
    assert (again / "landing" / "checkpoints").is_dir()


def test_a_file_that_maintenance_takes_away_makes_the_backup_look_again(
    home: Path, tmp_path: Path
) -> None:
    landing, looks = Landing(home / "landing"), list[str]()

    def on_step(step: str) -> None:
        looks.append(step)
        if step == "copy files" and looks.count(step) == 1:
            landing.pack_day("20260301", [r for r in landing.runs() if r.run_id < "20260302"])

    back_up(home, tmp_path / "b", on_step=on_step)
    assert looks.count("copy files") == 2
    assert exported(restored(tmp_path / "b", tmp_path / "again")) == exported(home)


@pytest.mark.slow
def test_damage_of_any_file_of_a_backup_is_named_and_nothing_is_restored(
    backup: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "b"
    shutil.copytree(backup, folder)
    names = sorted(files_of(folder))
    assert len(names) > 15
    for number, name in enumerate(names):
        path, whole = folder / name, (folder / name).read_bytes()
        third = len(whole) // 3
        damage = (
            whole[:-1] + bytes([whole[-1] ^ 1]),
            whole[: len(whole) // 2],
            whole[:third] + bytes([whole[third] ^ 64]) + whole[third + 1 :],
            None,
        )[number % 4]
        path.unlink() if damage is None else path.write_bytes(damage)
        with pytest.raises((BackupError, UsageError), match=path.name):
            restore(folder, tmp_path / "again")
        assert not [p for p in (tmp_path / "again").glob("*") if p.name != ".lock"]
        path.write_bytes(whole)
    restored(folder, tmp_path / "again")


def test_verify_repairs_a_damaged_backup_from_the_home(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    back_up(made, folder)
    for path in [*(folder / "files").glob("*/*")][::3]:
        path.write_bytes(path.read_bytes()[::-1])
    (folder / "backup.json").write_text("{")
    with pytest.raises(BackupError, match="--verify"):
        back_up(made, folder)
    back_up(made, folder, verify=True)
    assert exported(restored(folder, tmp_path / "again")) == exported(made)


def test_a_damaged_answer_of_the_home_replaces_no_good_copy(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b"
    back_up(home, folder)
    before = files_of(folder)
    path = next((home / "landing" / "objects").glob("*/*.zst"))
    path.write_bytes(b"damaged")
    back_up(home, folder)
    assert files_of(folder).keys() == before.keys()
    with pytest.raises(LandingError, match=path.stem):
        back_up(home, tmp_path / "other")
    assert not (tmp_path / "other" / "backup.json").exists()


@pytest.mark.slow
def test_a_backup_goes_only_where_it_belongs(
    made: Path, backup: Path, home: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is in the home"):
        back_up(home, home / "backups")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"letter\.txt"):
        back_up(home, tmp_path / "full")
    other, clock = tmp_path / "other", Clock()
    with serve(small_catalog()) as hub:
        ingest(other, hub, clock=clock)
    with pytest.raises(UsageError, match="of another home"):
        back_up(other, backup)
    sample = tmp_path / "sample"
    shutil.copytree(home, sample, symlinks=True)
    stamp = sample / "home.json"
    stamp.write_text(stamp.read_text().replace("live", "sample"))
    with pytest.raises(HomeKindError, match="of live data"):
        back_up(sample, backup)
    with pytest.raises(UsageError, match="nothing here yet"):
        back_up(tmp_path / "none", tmp_path / "b")
    refused = pricehouse("restore", str(backup), home=sample)
    assert refused.returncode == 2
    assert "is a home of sample data and the backup is of live data" in " ".join(
        refused.stderr.split()
    )
    for full in (home, tmp_path / "full"):
        refused = pricehouse("restore", str(backup), home=full)
        assert refused.returncode == 2, refused.stderr
        assert "is not empty" in refused.stderr
    nothing = pricehouse("restore", str(tmp_path / "full"), home=tmp_path / "new")
    assert (nothing.returncode, "has no backup" in nothing.stderr) == (2, True)
    assert not (tmp_path / "new").exists()


def test_a_folder_of_files_that_are_not_ours_is_refused_and_keeps_them(
    made: Path, tmp_path: Path
) -> None:
    photos, linked, precious = tmp_path / "photos", tmp_path / "linked", tmp_path / "precious"
    cat = photos / "files" / "2024" / "cat.jpg"
    own = precious / ("ab" + 62 * "0")
    for path in (cat, linked / "files" / "x", own):
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    (linked / "files" / "x").unlink()
    (linked / "files" / "ab").symlink_to(precious)
    for folder in (photos, linked):
        with pytest.raises(UsageError, match=r"holds other files, like files/(2024|ab);"):
            back_up(made, folder)
    assert (cat.read_text(), own.read_text()) == ("mine", "mine")


@pytest.mark.parametrize("name", [".lock", "backup.json", "files", "files/ab", ".x.tmp"])
@pytest.mark.parametrize("leads", ["nowhere", "to mine"])
def test_a_link_in_a_folder_of_a_backup_is_not_followed(
    made: Path, tmp_path: Path, name: str, leads: str
) -> None:
    folder, mine = tmp_path / "b", tmp_path / "mine"
    link = folder / name
    link.parent.mkdir(parents=True)
    link.symlink_to(mine)
    if leads == "to mine":
        mine.write_text("precious")
    with pytest.raises(UsageError, match=f"holds other files, like {name}"):
        back_up(made, folder)
    assert mine.exists() == (leads == "to mine")
    assert leads == "nowhere" or mine.read_text() == "precious"


@pytest.mark.parametrize("name", ["run.json", "hub.json"])
def test_a_landed_file_that_is_a_link_to_nothing_is_named(
    home: Path, tmp_path: Path, name: str
) -> None:
    record = next((home / "landing" / "runs").rglob(name))
    record.rename(tmp_path / "moved")
    record.symlink_to(tmp_path / "gone")
    with pytest.raises(HomeError, match=r"symbolic link|cannot be|is missing") as refused:
        back_up(home, tmp_path / "b")
    assert "times while it was read" not in str(refused.value)
    assert not (tmp_path / "gone").exists()


def test_foreign_files_beside_stored_ones_survive_a_backup(made: Path, tmp_path: Path) -> None:
    back_up(made, tmp_path / "b")
    foreign = next((tmp_path / "b" / "files").glob("??")) / "notes.txt"
    foreign.write_text("mine")
    back_up(made, tmp_path / "b")
    assert foreign.read_text() == "mine"


def test_what_was_sent_about_alerts_is_part_of_a_backup(home: Path, tmp_path: Path) -> None:
    journal = journal_path(Landing(home / "landing"))
    journal.write_text('{"at":"2026-03-01T13:00:00Z","state":"salt","address":"00"}\n')
    back_up(home, tmp_path / "b")
    again = restored(tmp_path / "b", tmp_path / "again")
    assert journal_path(Landing(again / "landing")).read_bytes() == journal.read_bytes()


@pytest.mark.parametrize("path", ["", ".", "/etc/x", "../x", "a/../../x", "a\0b"])
def test_a_manifest_that_names_a_path_of_no_home_is_refused(
    backup: Path, tmp_path: Path, path: str
) -> None:
    shutil.copytree(backup, tmp_path / "b")
    folder = BackupFolder(tmp_path / "b")
    manifest = folder.read_manifest()
    assert manifest is not None
    odd = msgspec.structs.replace(manifest.files[0], path=path)
    folder.write_manifest(msgspec.structs.replace(manifest, files=[odd, *manifest.files[1:]]))
    with pytest.raises(BackupError, match="which is in no home"):
        restore(tmp_path / "b", tmp_path / "again", clock=LATE)
    folder.write_manifest(msgspec.structs.replace(manifest, publication_id="../\0"))
    with pytest.raises(BackupError, match="which it does not have"):
        restore(tmp_path / "b", tmp_path / "again", clock=LATE)
    assert not (tmp_path / "again" / "home.json").exists()


def test_a_second_backup_into_one_folder_at_once_is_refused(home: Path, tmp_path: Path) -> None:
    back_up(home, tmp_path / "b")
    with hold(tmp_path / "b" / ".lock", wait_s=0):
        done = pricehouse("backup", str(tmp_path / "b"), home=home)
    assert (done.returncode, "is being written by process" in done.stderr) == (1, True)


def test_a_backup_of_a_newer_version_is_refused_by_name(backup: Path, tmp_path: Path) -> None:
    shutil.copytree(backup, tmp_path / "b")
    path = tmp_path / "b" / "backup.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(HomeError, match="newer pricehouse"):
        restore(tmp_path / "b", tmp_path / "again")


def test_a_backup_of_a_newer_schema_restores_only_with_newer_code(
    home: Path, tmp_path: Path
) -> None:
    opened, number = Home(home), 999
    with open_writer(opened.warehouse) as con:
        ledger = {"number": number, "name": f"{number}_add_future", "applied_at": LATE()}
        con.execute(statement("append_migration"), ledger)
    publish(opened, str(published_id(opened)))
    back_up(home, tmp_path / "b")
    with pytest.raises(BackupError, match=f"has migration {number}.*written by newer code"):
        restore(tmp_path / "b", tmp_path / "again", clock=LATE)
    assert not (tmp_path / "again" / "home.json").exists()


def test_a_home_without_a_publication_is_backed_up_too(tmp_path: Path) -> None:
    fail_an_hour(tmp_path / "home", Clock())
    done = back_up(tmp_path / "home", tmp_path / "b")
    assert (done.publication_id, done.runs) == (None, 1)
    again = restored(tmp_path / "b", tmp_path / "again")
    assert [r.run_id for r in Landing(again / "landing").runs()] == [
        r.run_id for r in Landing(tmp_path / "home" / "landing").runs()
    ]


def test_a_backup_restored_where_the_clock_is_behind_states_it(
    backup: Path, tmp_path: Path
) -> None:
    clock = Clock()
    clock.advance(timedelta(days=-30))
    done = restore(backup, tmp_path / "again", clock=clock)
    assert [f.check for f in done.findings if not f.ok] == ["clock"]
    assert future_runs(Landing(Home(tmp_path / "again").landing), clock())
