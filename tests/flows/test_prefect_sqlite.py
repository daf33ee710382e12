"""Writers of Prefect's SQLite file wait for each other instead of failing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

READS_THEN_WRITES = """
import sqlite3, sys
from sqlalchemy import create_engine, event, text
{load}
engine = create_engine("sqlite:///" + sys.argv[1])
@event.listens_for(engine, "connect")
def connect(connection, _record):
    connection.isolation_level = None
@event.listens_for(engine, "begin")
def begin(connection):
    connection.exec_driver_sql("BEGIN DEFERRED")
with engine.begin() as first:
    first.execute(text("SELECT * FROM it")).fetchall()
    other = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
    try:
        other.execute("INSERT INTO it VALUES (2)")
        print("the other wrote")
    except sqlite3.OperationalError as error:
        print("the other waits:", error)
    other.close()
    first.execute(text("INSERT INTO it VALUES (1)"))
"""


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_transaction_of_prefect_that_reads_first_keeps_others_from_writing(
    tmp_path: Path, *, is_loaded: bool
) -> None:
    """Without the module it fails as Prefect does, at once and whatever the timeout is."""
    path = tmp_path / "it.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE it (number)")
    made.close()
    code = READS_THEN_WRITES.format(load="import flows.server.prefect_server" if is_loaded else "")
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    if is_loaded:
        assert done.returncode == 0, done.stderr
        assert "the other waits: database is locked" in done.stdout
    else:
        assert "the other wrote" in done.stdout
        assert "database is locked" in done.stderr
