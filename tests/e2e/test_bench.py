"""The bench measures whole processes, judges ratios, and leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.measure import BenchFailed, Cost, measure, serving
from bench.verdict import BARE, DLT, FIRST, SECOND, promises, rows, table

ROOT = Path(__file__).parents[2]
NOWHERE = {"PRICEHOUSE_BENCH_DLT_PYTHON": "/nowhere/python"}
COMMAND = [sys.executable, "-m", "bench.hour", "--models", "300"]


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    """Run the bench once, small, without dlt; return what it printed as JSON."""
    done = subprocess.run(
        [*COMMAND, "--rounds", "1", "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **NOWHERE},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_every_contestant_has_a_row_of_positive_figures(measured: dict[str, Any]) -> None:
    assert [row["name"] for row in measured["rows"]] == [BARE, FIRST, SECOND]
    for row in measured["rows"]:
        assert len(row["runs"]) == 1
        assert row["seconds"] == row["runs"][0]["seconds"] > 0
        assert row["peak_mb"] == row["runs"][0]["peak_mb"] > 20, "less than Python alone takes"
        assert row["ratio"] == pytest.approx(row["seconds"] / measured["rows"][0]["seconds"])


def test_dlt_is_skipped_with_the_reason_when_its_venv_is_not_there(
    measured: dict[str, Any],
) -> None:
    assert list(measured["skipped"]) == [DLT]
    assert "/nowhere/python, which is not there" in measured["skipped"][DLT]


def test_each_promise_says_what_was_measured(measured: dict[str, Any]) -> None:
    assert len(measured["promises"]) == 3
    for promise in measured["promises"]:
        assert isinstance(promise["kept"], bool)
        assert any(character.isdigit() for character in promise["measured"])


def test_a_stopped_bench_stops_its_server() -> None:
    with subprocess.Popen(
        [*COMMAND, "--rounds", "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **NOWHERE},
    ) as bench:
        assert bench.stderr is not None
        line = bench.stderr.readline()
        server = int(line.rsplit(" ", 1)[1].rstrip(")\n"))
        os.kill(server, 0)
        bench.terminate()
        assert bench.wait(timeout=30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_the_server_is_gone_after_its_block() -> None:
    with serving(3) as server:
        assert len(httpx.get(f"{server.url}/api/models", trust_env=False).json()) == 3
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_the_peak_is_that_of_the_measured_process_alone(tmp_path: Path) -> None:
    # From a process as small as the bench's: the test runner's own peak may be above all this.
    code = """
import sys
from pathlib import Path
from bench.measure import measure
for work in ("bytearray(300_000_000).count(0)", "pass"):
    cost, _ = measure([sys.executable, "-c", work], log=Path(sys.argv[1]), environment={})
    print(cost.peak_mb)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "log"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    large, small = map(float, done.stdout.split())
    assert 300 < large < 360
    assert small < 60


def test_a_process_that_fails_gives_its_words_and_no_figure(tmp_path: Path) -> None:
    with pytest.raises(BenchFailed, match="3:\nout of paper"):
        measure(
            [sys.executable, "-c", "import sys; print('out of paper'); sys.exit(3)"],
            log=tmp_path / "log",
            environment={},
        )


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    costs = {
        BARE: [Cost(1, 100), Cost(10, 100), Cost(1, 100)],
        FIRST: [Cost(3, 500), Cost(20, 600), Cost(4, 500)],
        SECOND: [Cost(2, 400), Cost(19, 400), Cost(2, 400)],
    }
    found = {row.name: row for row in rows(costs)}
    assert found[FIRST].ratio == 3
    assert (found[FIRST].seconds, found[FIRST].peak_mb) == (4, 600)
    assert found[BARE].ratio == 1
    assert all(promise.kept for promise in promises(costs))


def test_a_broken_promise_is_said_to_be_broken() -> None:
    costs = {BARE: [Cost(1, 100)], FIRST: [Cost(6.1, 650)], SECOND: [Cost(6.2, 701)]}
    assert [promise.kept for promise in promises(costs)] == [False, False, False]
    said = table(costs, {DLT: "no venv"})
    assert said.count("broken") == 3
    assert "dlt           skipped: no venv" in said


@pytest.mark.slow
def test_the_bench_of_the_marketplace_measures_each_promise() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.market",
            "--models",
            "300",
            "--rounds",
            "1",
            "--requests",
            "20",
            "--publications",
            "1",
            "--json",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bare_ms"][0] > 0
    assert told["api_ms"][0] > 0
    assert told["publications"]["failed"] == 0, told["publications"]
    assert told["publications"]["requests"] > 10
    said = " ".join(promise["promise"] for promise in told["promises"])
    assert "p99 within 5 ×" in said
    assert "1 publications" in said
