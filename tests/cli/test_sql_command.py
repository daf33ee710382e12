"""`pricehouse sql`: a query as table, CSV, JSON and Parquet, and a shell in a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from cli.shell import dot_command, help_text, read_statements
from samples.hub import serve
from tests.support.command import answered, environment, pricehouse
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.connect import open_reader
from warehouse.publication.newest import newest
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

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


def typed(*lines: str) -> tuple[list[str], int]:
    """Return the statements that a person typed, and how often help was shown."""
    given, helped = iter(lines), []

    def read_line(prompt: str) -> str:
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    found = list(read_statements(read_line, on_help=lambda: helped.append(1)))
    return found, len(helped)


@pytest.mark.parametrize("line", [".help", " .HELP ", ".help;", "help", ".help cards"])
def test_help_is_answered_without_a_semicolon(line: str) -> None:
    assert typed(line, "SELECT 1;") == (["SELECT 1;\n"], 1)


@pytest.mark.parametrize("line", [".quit", ".exit;", "exit", "QUIT;", ".Quit"])
def test_shell_is_left_also_within_a_statement(line: str) -> None:
    assert typed("SELECT 1;", line, "SELECT 2;") == (["SELECT 1;\n"], 0)
    assert dot_command(".quit", begun=True) == ".quit"


def test_known_commands_are_followed_within_a_statement_and_sql_is_left_as_it_is() -> None:
    assert typed("SELECT 1 +", ".help", ".5;") == (["SELECT 1 +\n.5;\n"], 1)
    assert typed("SELECT", "quit", ";") == (["SELECT\nquit\n;\n"], 0)


def test_unknown_command_does_not_begin_a_statement(capsys: pytest.CaptureFixture[str]) -> None:
    assert typed(".schema cards", "SELECT 1;") == (["SELECT 1;\n"], 0)
    assert "error: .schema is no command of this shell" in capsys.readouterr().err


def test_help_lists_every_relation_and_macro(home: Path) -> None:
    with open_reader(newest(Home(home))) as con:
        text = help_text(con)
        found = con.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() "
            "WHERE function_type = 'table_macro' AND NOT internal"
        ).fetchall()
    macros = {name for (name,) in found}
    assert {"cheapest", "recommend", "price_as_of"} <= macros
    assert {name for name in (*RELATIONS, *macros) if name not in text} == set()
    assert "_ph_" not in text


def test_commands_of_the_shell_in_a_pipe_are_named(home: Path) -> None:
    helped = pricehouse("sql", home=home, stdin=".help\n")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert helped.stdout.startswith("Relations")
    wrong = pricehouse("sql", home=home, stdin=".help\nSELECT 1;\n")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert ".help is no SQL; leave it out" in wrong.stderr


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
    os.write(ours, b".help\n.tables\nSELECT nonsense;\nSELECT count(*) AS offers\nFROM offers;\n")
    os.write(ours, b"SELECT current_setting('TimeZone') AS zone;\n.quit\n")
    output, _ = process.communicate(timeout=300)
    os.close(ours)
    assert process.returncode == 0, output
    assert "read-only, times in UTC" in output
    assert output.index("cheapest(task_group") < output.index("error: the query cannot be run")
    assert "error: .tables is no command of this shell" in output
    assert "error: the query cannot be run" in output
    assert "offers" in output
    assert "UTC" in output
