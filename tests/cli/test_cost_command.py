"""`pricehouse cost` and `pricehouse reconcile` on files of each format, and on wrong input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from cli.main import main
from pipeline.report import Report

ROWS: list[dict[str, Any]] = [
    {
        "id": number,
        "model": "openai/gpt-oss-120b",
        "provider": "cerebras",
        "timestamp": f"2026-09-21T00:{number:02}:00Z",
        "input_tokens": number * 1_000_000,
        "output_tokens": 1000,
        "stated_cost": f"{number * 0.35 + 0.00075:.5f}",
    }
    for number in (2, 1, 3)
]
COSTS = ["0.70075", "0.35075", "1.05075"]


@pytest.fixture(scope="module")
def home(ingested_sample: tuple[Path, list[Report]]) -> Path:
    return ingested_sample[0]


def run(home: Path, *arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *map(str, arguments)], input=stdin)


def write(folder: Path, form: str, rows: list[dict[str, Any]]) -> Path:
    frame, file = pl.DataFrame(rows), folder / f"usage.{form}"
    if form == "csv":
        frame.write_csv(file)
    elif form == "parquet":
        frame.with_columns(
            pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
        ).write_parquet(file)
    elif form == "json":
        file.write_text(json.dumps(rows, indent=1))
    else:
        frame.write_ndjson(file)
    return file


@pytest.mark.parametrize("form", ["csv", "ndjson", "json", "parquet"])
def test_a_file_of_each_format_keeps_its_rows_and_gets_costs(
    home: Path, tmp_path: Path, form: str
) -> None:
    file = write(tmp_path, form, ROWS)
    done = run(home, "cost", file, "--json")
    assert done.exit_code == 0, done.output
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(int(row["id"]), row["cost"]) for row in found] == list(
        zip([2, 1, 3], COSTS, strict=True)
    )
    output = tmp_path / "costs.parquet"
    assert run(home, "cost", file, "--output", output).exit_code == 0
    typed = pl.read_parquet(output)
    assert typed["cost"].to_list() == [Decimal(cost) for cost in COSTS]
    assert typed.schema["valid_from"] == pl.Datetime("us", "UTC")


def test_standard_input_is_read_as_csv_unless_from_names_another(
    home: Path, tmp_path: Path
) -> None:
    csv = write(tmp_path, "csv", ROWS).read_bytes()
    done = run(home, "cost", stdin=csv)
    assert [line.split(",")[7] for line in done.stdout.splitlines()] == ["cost", *COSTS]
    lines = write(tmp_path, "ndjson", ROWS).read_bytes()
    done = run(home, "cost", "-", "--from", "ndjson", stdin=lines)
    assert [json.loads(line)["cost"] for line in done.stdout.splitlines()] == COSTS


def test_a_single_object_is_one_row(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "call.json"
    file.write_text(json.dumps({**ROWS[0], "cached_input_tokens": None}, indent=2))
    done = run(home, "reconcile", file, "--json")
    assert json.loads(done.stdout)["routes"][0]["verdict"] == "confirmed"
    done = run(home, "cost", stdin=file.read_bytes())
    assert json.loads(done.stdout)["cost"] == COSTS[0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "csv"),
        ("a,b\n1,2\n", "no column model"),
        ("model,timestamp\nx,2026-01-01T00:00:00Z\n", "quantity"),
        ("model,input_tokens\nx,1\n", "no column timestamp"),
        ("model,timestamp,input_tokens\nx,2026-01-01 00:00:00,1\n", "row 1, column timestamp"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00Z,-1\n", "row 1, column input_tokens"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00Z,1e-12\n", "column input_tokens"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00Z,nan\n", "column input_tokens"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00+25:99,1\n", "column timestamp"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00+0260,1\n", "column timestamp"),
        ("model,timestamp,input_tokens\nx,2026-01-01T00:00:00-99,1\n", "column timestamp"),
        ("model,timestamp,input_tokens\nx,0001-01-01T00:00:00+14:00,1\n", "column timestamp"),
        ("model,timestamp,input_tokens\nx,9999-12-31T23:59:59-14:00,1\n", "column timestamp"),
        (f"model,{','.join(f'c{n}' for n in range(200))}\n", "200 different columns"),
        (f'"a\nb",{"c," * 400_000}\n', "200 different columns"),
        ("model,timestamp,runs,runs\nx,2026-01-01T00:00:00Z,1,2\n", "names the column runs twice"),
        ("model,model_id,timestamp,input_tokens\nx,x,2026-01-01T00:00:00Z,1\n", "both model"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_status_2(home: Path, text: str, named: str) -> None:
    done = run(home, "cost", stdin=text.encode())
    assert done.exit_code == 2
    assert named in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["cost", "none.csv"],
        ["cost", "--known-at", "2026-01-01"],
        ["cost", "--to", "parquet"],
        ["cost", "--column", "timestamp"],
        ["cost", "--column", "timestamp=nothing"],
        ["cost", "--column", "output_token=input_tokens"],
        ["reconcile", "-", "--column", "stated_costs=input_tokens"],
        ["cost", "--column", "runs=input_tokens", "--column", "steps=input_tokens"],
        ["cost", "--timezone", "Mars/Base"],
        ["cost", "--known-at", "0001-01-01T00:00:00+14:00"],
        ["reconcile", "-"],
    ],
)
def test_wrong_options_are_exit_status_2(home: Path, arguments: list[str]) -> None:
    rows = b"model,timestamp,input_tokens\nx,2026-01-01T00:00:00Z,1\n"
    assert run(home, *arguments, stdin=rows).exit_code == 2


def test_reconcile_names_contradicted_routes_and_rows(home: Path, tmp_path: Path) -> None:
    wrong = {**ROWS[0], "stated_cost": "0.80075"}
    unseen = {**ROWS[0], "model": "org/never"}
    file = write(tmp_path, "ndjson", [*ROWS, wrong, unseen])
    done = run(home, "reconcile", file, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [(r["verdict"], r["rows"], r["confirmed"]) for r in found["routes"]] == [
        ("contradicted", 4, 3),
        ("never_seen", 1, 0),
    ]
    assert found["routes"][0]["difference"] == "0.1"
    assert [row["row"] for row in found["contradicted_rows"]] == [4]
    assert "contradicted: openai/gpt-oss-120b at cerebras" in run(home, "reconcile", file).stdout
    mapped = file.read_text().replace("stated_cost", "spend")
    other = tmp_path / "other.ndjson"
    other.write_text(mapped)
    done = run(home, "reconcile", other, "--column", "stated_cost=spend", "--json")
    assert json.loads(done.stdout)["routes"] == found["routes"]


def test_columns_are_named_by_their_other_names_too(home: Path, tmp_path: Path) -> None:
    rows = [{("in" if k == "input_tokens" else k): v for k, v in row.items()} for row in ROWS]
    done = run(home, "cost", write(tmp_path, "csv", rows), "--column", "prompt_tokens=in", "--json")
    assert [json.loads(line)["cost"] for line in done.stdout.splitlines()] == COSTS


@pytest.mark.parametrize(
    ("column", "value"),
    [("input_tokens", [1]), ("stated_cost", {"a": 1}), ("model", b"\xff"), ("timestamp", ["x"])],
)
def test_a_value_that_is_no_text_or_number_names_row_and_column(
    home: Path, tmp_path: Path, column: str, value: object
) -> None:
    file = tmp_path / "usage.parquet"
    pl.DataFrame({**ROWS[0], column: pl.Series([value])}).write_parquet(file)
    done = run(home, "reconcile", file)
    assert (done.exit_code, "Traceback" in done.output) == (2, False)
    assert f"row 1, column {column}" in " ".join(done.stderr.split())


def test_each_column_of_a_clash_keeps_a_name(home: Path, tmp_path: Path) -> None:
    file = write(tmp_path, "json", [{**ROWS[0], "cost": 5, "given_cost": 3, "why": "x"}])
    done = run(home, "cost", file, "--json")
    row = json.loads(done.stdout)
    assert (row["cost"], row["given_cost"], row["given_given_cost"]) == (COSTS[0], 3, 5)
    assert (row["why"], row["given_why"]) == (None, "x")


def test_a_pipe_is_read_like_a_file(home: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "usage.csv"
    os.mkfifo(pipe)
    body = write(tmp_path, "ndjson", ROWS).read_bytes()
    writer = Thread(target=pipe.write_bytes, args=(body,))
    writer.start()
    done = run(home, "cost", pipe, "--from", "ndjson")
    writer.join()
    assert [json.loads(line)["cost"] for line in done.stdout.splitlines()] == COSTS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_output_is_one_sentence_and_exit_status_1(home: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli.main", "--home", str(home), "cost"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*command, str(write(tmp_path, "csv", ROWS))],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the output cannot be written: No space left")
    assert "Traceback" not in done.stderr
