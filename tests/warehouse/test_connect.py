"""A connection is set up the same whatever kind of process opens it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.connect import (
    Limits,
    loading_limits,
    open_reader,
    open_writer,
    raise_memory_limit,
)
from warehouse.migrate import migrate

CHECKOUT = Path(__file__).parents[2]
SETTINGS = """
import sys
from pathlib import Path
from warehouse.connect import open_reader

with open_reader(Path(sys.argv[1])) as con:
    query = "SELECT current_setting('enable_progress_bar'), current_setting('TimeZone')"
    print(*con.execute(query).fetchone())
"""


def test_no_progress_bar_is_drawn_between_a_programs_own_lines(tmp_path: Path) -> None:
    """DuckDB takes `python -c` for an interactive process and would draw one on stdout."""
    file = tmp_path / "any.duckdb"
    with open_writer(file) as con:
        assert con.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS, str(file)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False UTC\n"


def test_a_limit_of_memory_is_raised_and_never_lowered(tmp_path: Path) -> None:
    with open_writer(tmp_path / "any.duckdb", Limits(memory="128MB")) as con:
        limits = []
        for size in (1_000, 256 * 2**20, 200_000_000):
            raise_memory_limit(con, size)
            limits += con.execute("SELECT current_setting('memory_limit')").fetchone() or ()
    assert limits == ["122.0 MiB", "256.0 MiB", "256.0 MiB"]


def test_a_larger_file_is_loaded_with_more_memory_up_to_a_limit(tmp_path: Path) -> None:
    file, limits = tmp_path / "any.duckdb", []
    for size in (None, 40_000_000, 10_000_000_000):
        if size is not None:
            with file.open("wb") as sparse:
                sparse.truncate(size)
        limits.append(loading_limits(file).memory)
    assert limits == ["128000000B", "138000000B", "256000000B"]


def test_a_reader_spills_where_a_program_that_has_the_file_open_does(tmp_path: Path) -> None:
    """Once rows lie there, DuckDB takes no other folder for the database of this process."""
    file = tmp_path / "any.duckdb"
    with open_writer(file) as con:
        migrate(con, now=datetime(2026, 11, 1, tzinfo=UTC))
    with duckdb.connect(str(file), read_only=True) as program:
        program.execute("SET memory_limit = '80MB'")
        program.execute("SET threads = 1")
        rows = "SELECT hash(range)::VARCHAR || repeat('y', 80) AS s FROM range(1500000)"
        program.execute(f"CREATE TEMP TABLE held AS {rows}")
        folder = program.execute("SELECT current_setting('temp_directory')").fetchone()
        with open_reader(file) as con:
            assert con.execute("SELECT current_setting('temp_directory')").fetchone() == folder
            assert con.execute("FROM runs").fetchall() == []


SPILLING = """
import sys
from pathlib import Path
from warehouse.connect import Limits, open_reader

path, first = Path(sys.argv[1]), int(sys.argv[2])
with open_reader(path, Limits(memory="80MB", threads=1)) as con:
    rows = f"SELECT hash(range + {first})::VARCHAR || repeat('y', 80) AS s FROM range(1500000)"
    con.execute(f"CREATE TEMP TABLE held AS {rows}")
    spilled = Path(con.execute("SELECT current_setting('temp_directory')").fetchone()[0])
    assert any(spilled.iterdir()), "nothing was spilled"
    print(spilled.name, flush=True)
    input()  # until the other one has spilled too
    total = "SELECT sum(hash(s)::HUGEINT) FROM"
    con.execute(f"SELECT ({total} held) = ({total} ({rows}))")
    print(con.fetchone()[0], flush=True)
assert not spilled.exists()
"""


def test_two_readers_of_a_file_do_not_share_the_rows_that_they_spill(tmp_path: Path) -> None:
    """In one folder they read each other's rows, or DuckDB ends them."""
    file = tmp_path / "any.duckdb"
    with open_writer(file) as con:
        con.execute("CREATE TABLE one AS SELECT 1 AS a")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", SPILLING, str(file), first],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in ("1", "7000000")
    ]
    spilled = [reader.stdout.readline() for reader in readers if reader.stdout]
    for reader in readers:
        equal, problem = reader.communicate("go on\n", timeout=300)
        assert (reader.returncode, equal) == (0, "True\n"), problem
    assert len(set(spilled)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["any.duckdb"]


def test_two_connections_of_one_process_are_one_database(tmp_path: Path) -> None:
    file = tmp_path / "any.duckdb"
    with open_writer(file) as con:
        migrate(con, now=datetime(2026, 11, 1, tzinfo=UTC))
    with open_reader(file) as one, open_reader(file) as other:
        assert one.execute("FROM runs").fetchall() == other.execute("FROM runs").fetchall()
