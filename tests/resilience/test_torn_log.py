"""A write-ahead log that a kill tore: the next hours commit over it, and nothing is half written.

DuckDB's storage v1.5.0 may leave, after a kill in the middle of COMMIT, a log with which a later
large commit makes the file refuse to open. The tiny commit and CHECKPOINT after every opening for
writing keep that from happening; here every way to tear the log meets them.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.replay import replay
from samples.hub import serve
from samples.scale import scaled
from schemas.errors import WarehouseError
from tests.support.home_files import publication_is_consistent
from tests.support.hours import Clock, ingest, small_catalog

HOUR = timedelta(hours=1)
TEAR = """
import os, signal, sys
import duckdb
con = duckdb.connect(sys.argv[1], config={"storage_compatibility_version": "v1.5.0"})
con.execute("SET checkpoint_threshold = '1TB'")
con.execute("BEGIN")
con.execute("CREATE TABLE torn_one AS SELECT i, 'row ' || i AS text FROM range(3000) r(i)")
con.execute("CREATE TEMP TABLE kept AS SELECT * FROM internal._ph_listing WHERE offer_id < '8'")
con.execute("DELETE FROM internal._ph_listing WHERE offer_id < '8'")
con.execute("INSERT INTO internal._ph_listing SELECT * FROM kept")
con.execute("INSERT INTO internal._ph_speed_log SELECT * REPLACE (log_id + 1000000 AS log_id) "
            "FROM internal._ph_speed_log")
con.execute("CREATE TABLE torn_two AS SELECT * FROM torn_one")
con.execute("COMMIT")
os.kill(os.getpid(), signal.SIGKILL)
"""
PLACES = (0.0, 0.0001, 0.001, 0.01, 0.25, 0.5, 0.75, 0.99, 0.9999, 1.0)


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose writer was killed after a commit and before its checkpoint."""
    home = tmp_path_factory.mktemp("torn")
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    killed = subprocess.run(
        [sys.executable, "-c", TEAR, str(home / "warehouse.duckdb")], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert (home / "warehouse.duckdb.wal").stat().st_size > 10_000
    return home


def markers(home: Path) -> int:
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        row = con.sql("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'torn%'")
        return int(row.fetchall()[0][0])


def run_hours(home: Path, hours: int = 2) -> None:
    """Ingest large hours: each rewrites every price of thousands."""
    clock = Clock()
    with serve(scaled(500)) as hub:
        for hour in range(1, hours + 1):
            clock.advance(HOUR)
            hub.show(scaled(500 + 400 * (hour % 2)))
            assert ingest(home, hub, clock=clock).outcome == "published"
            assert publication_is_consistent(home)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_hours_continue_over_a_log_that_was_cut(torn: Path, tmp_path: Path, place: float) -> None:
    home = tmp_path / "home"
    shutil.copytree(torn, home, symlinks=True)
    log = home / "warehouse.duckdb.wal"
    size = int(log.stat().st_size * place)
    with log.open("r+b") as file:
        file.truncate(size)
    run_hours(home)
    # All of the torn transaction or nothing: without its end it never happened.
    assert markers(home) == (2 if place == 1.0 else 0)


@pytest.mark.slow
@pytest.mark.parametrize("place", [0.0, 0.001, 0.5, 0.999])
def test_a_log_with_a_changed_byte_is_refused_with_a_remedy_or_ignored(
    torn: Path, tmp_path: Path, place: float
) -> None:
    home = tmp_path / "home"
    shutil.copytree(torn, home, symlinks=True)
    log = home / "warehouse.duckdb.wal"
    held = bytearray(log.read_bytes())
    held[int(len(held) * place)] ^= 0x5A
    log.write_bytes(held)
    try:
        run_hours(home, hours=1)
    except WarehouseError as error:
        assert "pricehouse replay" in str(error)  # noqa: PT017 - either way is good
        assert publication_is_consistent(home)
        for left in home.glob("warehouse.duckdb*"):
            left.rename(tmp_path / left.name)
        assert len(replay(home)) == 1
        run_hours(home)
    else:
        assert markers(home) in (0, 2)
