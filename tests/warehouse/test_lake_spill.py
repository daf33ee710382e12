"""Where the connection of a shared warehouse puts the rows that do not fit into its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lakes import SharedPlace
from warehouse.connect import Connection
from warehouse.lake.attach import open_extensions
from warehouse.lake.lake_settings import LakeSettings

CHECKOUT = Path(__file__).parents[2]
SPILL = "CREATE TABLE held AS SELECT hash(range)::VARCHAR || repeat('y', 80) s FROM range(2000000)"
COMMITTED = f"""
import os
from pipeline.lake_access import find_lake
from warehouse.lake.attach import open_extensions

with open_extensions(find_lake(os.environ)) as con:
    con.execute("SET memory_limit = '80MB'")
    con.execute({SPILL!r})
    con.execute("SET enable_external_access = false")  # as a recorder does before its commit
    print(con.execute("SELECT count(*) FROM held").fetchone()[0])
"""


@pytest.fixture
def settings(tmp_path: Path) -> LakeSettings:
    """A shared warehouse that nothing is asked of."""
    return SharedPlace(_environment(tmp_path)).settings


def _environment(tmp_path: Path) -> dict[str, str]:
    return {
        "PRICEHOUSE_WAREHOUSE": "ducklake:postgres:dbname=prices host=db.example",
        "PRICEHOUSE_STORE": str(tmp_path),
    }


def _spill_folder(con: Connection) -> Path:
    row = con.execute("SELECT current_setting('temp_directory')").fetchone()
    assert row is not None
    return Path(row[0])


def test_each_connection_spills_to_a_folder_of_its_own_that_ends_with_it(
    settings: LakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    with open_extensions(settings) as one, open_extensions(settings) as other:
        one.execute("SET memory_limit = '80MB'")
        one.execute(SPILL)
        folders = [_spill_folder(one), _spill_folder(other)]
        assert [any(folder.iterdir()) for folder in folders] == [True, False]
        assert {folder.stat().st_mode & 0o077 for folder in folders} == {0}
    assert [folder for folder in folders if folder.exists()] == []
    assert list(working.iterdir()) == []


def test_a_recorder_that_spilled_ends_well_after_its_files_are_out_of_reach(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COMMITTED],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path), **_environment(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "2000000\n"), done.stderr
    assert list(tmp_path.iterdir()) == []
