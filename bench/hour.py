"""Measure an hour of `pricehouse ingest` against a bare script and dlt, all in one run.

`python -m bench.hour` serves the sample scaled to 50,000 models from a process of its own and runs
whole processes in turn, several rounds of them. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import sysconfig
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

from bench.measure import ROOT, BenchFailed, Cost, SampleServer, measure, serving
from bench.verdict import BARE, DLT, FIRST, SECOND, promises, rows, table
from providers.registry import load_registry
from samples.hub import FEEDS
from samples.list_routes import base_url

MODELS = 50_000
ROUNDS = 3
OURS = (BARE, FIRST, SECOND)
DLT_SETTING = "PRICEHOUSE_BENCH_DLT_PYTHON"
DLT_VENV = ROOT / ".venv-dlt"


def main() -> None:
    """Measure, print, and with --assert exit 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.hour", description=__doc__)
    parser.add_argument("--models", type=_positive, default=MODELS, help=f"default {MODELS}")
    parser.add_argument("--rounds", type=_positive, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    parser.add_argument(
        "--assert", dest="require", action="store_true", help="exit 1 when a promise is broken"
    )
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)  # so that the server is stopped too
    try:
        costs, skipped = run(models=given.models, rounds=given.rounds)
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    if given.json:
        sys.stdout.write(json.dumps(_as_json(costs, skipped, given.models, given.rounds), indent=2))
        sys.stdout.write("\n")
    else:
        sys.stdout.write(f"{given.models} models, {given.rounds} rounds on {_machine()}\n\n")
        sys.stdout.write(table(costs, skipped))
        if given.models != MODELS:
            sys.stdout.write(f"(The promises are about {MODELS} models.)\n")
    if given.require and not all(promise.kept for promise in promises(costs)):
        sys.exit(1)


def run(*, models: int, rounds: int) -> tuple[dict[str, list[Cost]], dict[str, str]]:
    """Return the costs of every contestant, and why one was skipped."""
    python, reason = _dlt_python()
    costs: dict[str, list[Cost]] = {name: [] for name in OURS}
    if python is not None:
        costs[DLT] = []
    with serving(models) as server, tempfile.TemporaryDirectory(prefix="pricehouse-bench-") as tmp:
        _log(f"serving {models} models at {server.url} (process {server.pid})")
        # Not counted: the server writes a view out when it is first requested, and the first
        # process to import a package reads it from disk.
        _round({name: [] for name in OURS}, server, Path(tmp) / "warm-up", dlt_python=None)
        for number in range(1, rounds + 1):
            _round(costs, server, Path(tmp) / str(number), dlt_python=python)
            _log(
                f"round {number} of {rounds}: "
                + ", ".join(f"{name} {each[-1].seconds:.2f} s" for name, each in costs.items())
            )
    return costs, {} if python is not None else {DLT: reason}


def _round(
    costs: dict[str, list[Cost]], server: SampleServer, folder: Path, *, dlt_python: Path | None
) -> None:
    """Run each contestant once, one after the other, in a folder of its own."""
    folder.mkdir()
    environment = {
        "PRICEHOUSE_HOME": str(folder / "home"),
        # every feed is the one server, which answers 404 for providers' own price lists
        **{feed.setting: base_url(server.url, feed.feed) for _, feed in load_registry().feeds()},
        "NO_PROXY": "127.0.0.1",
    }
    script, file = ROOT / "bench" / "bare.py", folder / "bare.duckdb"
    command: list[str | Path] = [sys.executable, script, server.url, file]
    cost, output = measure(command, log=folder / "bare", environment=environment)
    costs[BARE].append(cost)
    entries = int(output)
    ingest: list[str | Path] = [Path(sysconfig.get_path("scripts")) / "pricehouse", "ingest"]
    for name, outcome in ((FIRST, "published"), (SECOND, "unchanged")):
        cost, output = measure([*ingest, "--json"], log=folder / name, environment=environment)
        costs[name].append(cost)
        report = json.loads(output)
        _require(name, (report["outcome"], _entries(report)), (outcome, entries))
    if dlt_python is not None:
        script = ROOT / "bench" / "dlt" / "pipeline.py"
        command = [dlt_python, script, server.url, folder / "dlt"]
        cost, output = measure(command, log=folder / "dlt-run", environment=environment)
        costs[DLT].append(cost)
        _require(DLT, int(output.split()[-1]), entries)
    shutil.rmtree(folder)  # the next round finds the disk as this one did


def _entries(report: dict[str, Any]) -> int:
    """Count what the bare script reads too: estimates are made, not read."""
    return sum(feed["records"] for feed in report["feeds"] if feed["feed"] in FEEDS)


def _require(name: str, found: object, wanted: object) -> None:
    """Raise BenchFailed unless the same was read: only then do times compare."""
    if found != wanted:
        raise BenchFailed(f"{name} read {found}, where {wanted} was to be read")


def _dlt_python() -> tuple[Path | None, str]:
    """Return dlt's interpreter, or None and why there is none."""
    setting = os.environ.get(DLT_SETTING)
    python = Path(setting) if setting else DLT_VENV / "bin" / "python"
    if python.is_file():
        return python, ""
    place = f"{DLT_SETTING} is {setting}" if setting else f"{DLT_VENV.name}/bin/python"
    return None, f"{place}, which is not there; bench/README.md explains how to set it up"


def _as_json(
    costs: dict[str, list[Cost]], skipped: dict[str, str], models: int, rounds: int
) -> dict[str, Any]:
    return {
        "models": models,
        "rounds": rounds,
        "machine": _machine(),
        "rows": [
            {**asdict(row), "runs": [asdict(cost) for cost in costs[row.name]]}
            for row in rows(costs)
        ],
        "skipped": skipped,
        "promises": [asdict(promise) for promise in promises(costs)],
    }


def _machine() -> str:
    cores = os.cpu_count()
    return f"{cores} cores, {platform.machine()}, Python {platform.python_version()}"


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
