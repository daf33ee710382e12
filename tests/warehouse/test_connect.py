"""A connection is set up the same whatever kind of process opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from warehouse.connect import Limits, loading_limits, open_writer, raise_memory_limit

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
