"""A new database file is made apart from what a killed process left, and takes its place whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from samples.hub import serve
from schemas.errors import WarehouseError
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home
from warehouse.writer.staging_file import replace_warehouse, require_warehouse, staged_database

DIE_WITH_A_LOG = """
import os, signal, sys
from pathlib import Path
from warehouse.connect import open_writer

with open_writer(Path(sys.argv[1])) as con:
    con.execute("CREATE TABLE half AS SELECT range AS i FROM range(100000)")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
    return Home.at(tmp_path)


def test_the_log_of_a_killed_publication_does_not_keep_the_next_from_opening(home: Home) -> None:
    run_id = published_id(home)
    assert run_id is not None
    left = home.published / ".draft.tmp" / f"marketplace-{run_id}.duckdb"
    left.parent.mkdir()
    killed = subprocess.run([sys.executable, "-c", DIE_WITH_A_LOG, str(left)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert left.with_name(f"{left.name}.wal").stat().st_size > 0
    publish(home, run_id)
    assert [path.name for path in home.published.iterdir()] == [left.name]


def test_no_file_is_put_beside_the_log_of_another(home: Home) -> None:
    stranger = home.root / "warehouse.duckdb.wal"
    stranger.write_bytes(b"of another file")
    before = home.warehouse.read_bytes()
    with staged_database(home.root, "new") as staged:
        staged.write_bytes(b"new")
        with pytest.raises(WarehouseError, match="move it away"):
            replace_warehouse(home, staged)
    assert home.warehouse.read_bytes() == before
    assert not staged.parent.exists()


def test_a_warehouse_of_another_run_is_not_taken(home: Home) -> None:
    with pytest.raises(WarehouseError, match="ends with run"):
        require_warehouse(home.warehouse, run_id="another", sequence=1)
