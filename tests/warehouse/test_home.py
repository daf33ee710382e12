"""A home is made once, keeps its kind, and an unusable one is a clear error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.errors import HomeError, HomeKindError, SettingsError, UsageError
from schemas.records import Origin
from warehouse.storage.files import append_line
from warehouse.storage.home import Home
from warehouse.storage.lock import hold

CHECKOUT = Path(__file__).parents[2]

OPEN_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from schemas.errors import HomeError
from warehouse.storage.files import append_line
from warehouse.storage.home import Home
from warehouse.storage.lock import hold
resource.setrlimit(resource.RLIMIT_FSIZE, (8, 8))
try:
    Home.open(Path(sys.argv[1]), origin="live")
except HomeError as error:
    print(error)
"""


def test_a_missing_home_is_made_with_its_parents_and_stamped(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "a" / "b", origin="sample")
    stamp = json.loads((tmp_path / "a" / "b" / "home.json").read_text())
    assert stamp == {"origin": "sample", "format": 1}
    assert Home.at(tmp_path / "a" / "b") == home


def test_the_paths_of_a_home_are_those_that_the_contract_names(tmp_path: Path) -> None:
    home = Home.open(tmp_path, origin="live")
    assert home.landing == tmp_path / "landing"
    assert home.warehouse == tmp_path / "warehouse.duckdb"
    assert home.published == tmp_path / "published"
    assert home.link == tmp_path / "marketplace.duckdb"
    assert home.lock.parent == tmp_path


@pytest.mark.parametrize(("first", "then"), [("live", "sample"), ("sample", "live")])
def test_a_home_refuses_the_other_kind(tmp_path: Path, first: Origin, then: Origin) -> None:
    Home.open(tmp_path, origin=first)
    before = (tmp_path / "home.json").read_bytes()
    with pytest.raises(HomeKindError) as caught:
        Home.open(tmp_path, origin=then)
    message = str(caught.value)
    assert f"a home of {first} data" in message
    assert f"{then} data was to enter" in message
    assert "PRICEHOUSE_HOME" in message
    assert (tmp_path / "home.json").read_bytes() == before


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    Home.open(tmp_path, origin="live")
    before = (tmp_path / "home.json").stat()
    Home.open(tmp_path, origin="live")
    assert (tmp_path / "home.json").stat().st_ino == before.st_ino


def test_a_sample_home_may_lie_inside_a_live_one(tmp_path: Path) -> None:
    Home.open(tmp_path / "data" / "demo", origin="sample")
    Home.open(tmp_path / "data", origin="live")
    assert Home.at(tmp_path / "data" / "demo").root.is_dir()


def test_reading_an_empty_folder_writes_nothing_and_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match="nothing here yet; run `pricehouse demo` or `pricehouse ingest`"
    ):
        Home.at(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["file", "file/below", "link"])
def test_a_root_that_cannot_be_a_folder_is_a_wrong_setting(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="PRICEHOUSE_HOME"):
        Home.open(tmp_path / below, origin="live")


def test_a_root_that_is_a_file_is_an_error_for_readers(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SettingsError, match="PRICEHOUSE_HOME"):
        Home.at(tmp_path / "file")


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"origin": "replica", "format": 2, "more": []}')
    with pytest.raises(HomeError, match="newer pricehouse"):
        Home.at(tmp_path)
    with pytest.raises(HomeError, match="newer pricehouse"):
        Home.open(tmp_path, origin="live")


@pytest.mark.parametrize("stamp", ["", "{", '{"format": 1}', '{"origin": "other", "format": 1}'])
def test_a_damaged_stamp_is_named(tmp_path: Path, stamp: str) -> None:
    (tmp_path / "home.json").write_text(stamp)
    with pytest.raises(HomeError, match=r"home\.json is damaged"):
        Home.open(tmp_path, origin="live")


@pytest.mark.parametrize("used", ["warehouse.duckdb", "landing", "published", "marketplace.duckdb"])
def test_a_home_in_use_without_its_stamp_gets_no_guessed_one(tmp_path: Path, used: str) -> None:
    (tmp_path / used).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HomeError, match=r"home\.json is missing"):
        Home.open(tmp_path, origin="sample")
    assert not (tmp_path / "home.json").exists()


def test_a_full_disk_leaves_no_half_stamp_and_names_the_remedy(tmp_path: Path) -> None:
    message = subprocess.run(
        [sys.executable, "-c", OPEN_ON_A_FULL_DISK, str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "home.json cannot be used: File too large" in message
    assert "run again" in message
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
    Home.open(tmp_path, origin="live")


def test_of_two_kinds_that_open_a_new_home_at_once_one_gets_it(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from warehouse.storage.home import Home\n"
        "sys.stdin.readline(); Home.open(Path(sys.argv[1]), origin=sys.argv[2])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), origin],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for origin in ("live", "sample") * 2
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=300)[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 0, 1, 1]
    assert codes[0] == codes[2]
    assert all(b"HomeKindError" in error for error, code in zip(errors, codes, strict=True) if code)


@pytest.mark.parametrize("name", ["warehouse.duckdb", "landing", "published", "parsed", "metrics"])
def test_a_link_to_nothing_is_named_and_nothing_is_made_there(tmp_path: Path, name: str) -> None:
    root = tmp_path / "home"
    Home.open(root, origin="live")
    (root / name).symlink_to(tmp_path / "unmounted")
    with pytest.raises(HomeError, match=f"{name} is a symbolic link to .*where nothing is"):
        Home.open(root, origin="live")
    assert not (tmp_path / "unmounted").exists()


@pytest.mark.parametrize("exists", [True, False])
def test_a_lock_that_is_a_link_is_refused_and_its_target_kept(
    tmp_path: Path, *, exists: bool
) -> None:
    target, lock = tmp_path / "target", tmp_path / ".lock"
    if exists:
        target.write_text("precious")
    lock.symlink_to(target)
    with pytest.raises(HomeError, match="it is a symbolic link"), hold(lock, wait_s=0):
        pass
    assert target.exists() is exists
    assert not exists or target.read_text() == "precious"


def test_a_line_is_not_added_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").symlink_to(tmp_path / "target")
    with pytest.raises(HomeError, match="it is a symbolic link"):
        append_line(tmp_path / "alerts.jsonl", b"{}")
    assert not (tmp_path / "target").exists()
