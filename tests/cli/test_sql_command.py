"""`pricehouse sql`: a query as table, CSV, JSON and Parquet, and a shell in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from samples.hub import serve
from tests.support.command import answered, environment, pricehouse
from tests.support.hours import Clock, ingest, small_catalog

QUERY = (
    "SELECT model_id, cost_per_input_token, compliance_tags, first_seen_at FROM cards"
    " WHERE inference_provider = 'novita'"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("sql") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    return home


def test_csv_and_json_have_exact_amounts_and_times_in_utc(home: Path) -> None:
    (row,) = answered(pricehouse("sql", QUERY, "--format", "json", home=home))
    assert row["cost_per_input_token"] == "0.000000200000000000"  # noqa: S105 - a price
    assert row["first_seen_at"].startswith("2026-03-01T12:00:")
    assert row == answered(pricehouse("sql", QUERY, "--json", home=home))[0]
    done = pricehouse("sql", QUERY, "--format", "csv", home=home)
    assert done.stdout.splitlines() == [
        "model_id,cost_per_input_token,compliance_tags,first_seen_at",
        f"acme/chat,0.000000200000000000,[],{row['first_seen_at']}",
    ]


def test_parquet_is_written_to_a_file_with_its_types(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "found.parquet"
    done = pricehouse("sql", QUERY, "--format", "parquet", "--output", str(file), home=home)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    found = pl.read_parquet(file)
    assert found.schema["cost_per_input_token"] == pl.Decimal(38, 18)
    assert found.schema["first_seen_at"] == pl.Datetime("us", "UTC")
    bare = pricehouse("sql", QUERY, "--format", "parquet", home=home)
    assert bare.returncode == 2
    assert "--output" in bare.stderr


def test_table_can_be_written_to_a_file_and_query_read_from_a_pipe(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "found.txt"
    done = pricehouse("sql", "--output", str(file), home=home, stdin="SELECT 42 AS answer;")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "answer" in file.read_text()


@pytest.mark.parametrize("statement", ["DELETE FROM internal._ph_offer", "CREATE TABLE t (a INT)"])
def test_writing_statement_is_refused(home: Path, statement: str) -> None:
    done = pricehouse("sql", statement, home=home)
    assert done.returncode == 2
    assert "read-only" in done.stderr


def test_terminal_shell_continues_after_a_wrong_statement(home: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "sql"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(home),
    )
    os.close(theirs)
    os.write(ours, b"SELECT nonsense;\nSELECT count(*) AS offers\nFROM offers;\n")
    os.write(ours, b"SELECT current_setting('TimeZone') AS zone;\n.quit\n")
    output, _ = process.communicate(timeout=300)
    os.close(ours)
    assert process.returncode == 0, output
    assert "read-only, times in UTC" in output
    assert "error: the query cannot be run" in output
    assert "offers" in output
    assert "UTC" in output
