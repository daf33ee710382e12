"""The rounds of `bench.hour`: each contestant once, one after the other, over the same answers."""

from __future__ import annotations

import json
import shutil
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from bench.measure import ROOT, BenchFailed, Cost, SampleServer, measure
from bench.verdict import BARE, CHANGED, DLT, DLT_AGAIN, FIRST, UNCHANGED
from providers.registry import load_registry
from samples.hub import FEEDS
from samples.list_routes import base_url

DLT_SETTING = "PRICEHOUSE_BENCH_DLT_PYTHON"
DLT_VENV = ROOT / ".venv-dlt"
HOURS = {FIRST: ("published", 0), UNCHANGED: ("unchanged", 0), CHANGED: ("published", 1)}
"""Row → the outcome that the hour must have, and the changes that the server has then."""
INGEST = (sys.executable, "-m", "cli.main", "ingest", "--json")
OUTSIDE = "start, open and end"
"""What a process takes outside of the steps: imports, the lock, records, and the way out."""


class Contest:
    """What every contestant took, round by round."""

    def __init__(self, server: SampleServer, checkout: Path, *, dlt_python: Path | None) -> None:
        names = [BARE, *HOURS] + ([DLT, DLT_AGAIN] if dlt_python is not None else [])
        self.costs: dict[str, list[Cost]] = {name: [] for name in names}
        self._steps: dict[str, list[list[dict[str, Any]]]] = {name: [] for name in HOURS}
        self._floors: dict[str, list[float]] = defaultdict(list)
        self._server = server
        self._checkout = checkout
        self._dlt_python = dlt_python

    def play_round(self, folder: Path) -> None:
        """Run each contestant once in a folder of its own, which is removed again."""
        folder.mkdir()
        serve_changes(self._server, 0)
        file = folder / "bare.duckdb"
        output = self._run(BARE, [sys.executable, ROOT / "bench" / "bare.py"], file, folder)
        entries = int(output)
        for name, (outcome, changes) in HOURS.items():
            serve_changes(self._server, changes)
            self._run_hour(name, outcome, folder, entries=entries)
        serve_changes(self._server, 0)
        if self._dlt_python is not None:
            script = ROOT / "bench" / "dlt" / "pipeline.py"
            for name in (DLT, DLT_AGAIN):
                output = self._run(name, [self._dlt_python, script], folder / "dlt", folder)
                _require(name, int(output.split()[-1]), entries)
        self._measure_floors(folder)
        shutil.rmtree(folder)  # the next round finds the disk as this one did

    def stages(self) -> dict[str, list[dict[str, Any]]]:
        """Return row → what each step took: medians of seconds, the largest peak."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name, rounds in self._steps.items():
            found[name] = [_median_step(list(steps)) for steps in zip(*rounds, strict=True)]
        return found

    def floors(self) -> dict[str, float]:
        """Return floor → the median of its seconds."""
        return {name: round(median(times), 3) for name, times in self._floors.items()}

    def _run_hour(self, name: str, outcome: str, folder: Path, *, entries: int) -> None:
        cost, output = measure(
            INGEST,
            log=folder / "hour",
            environment=hour_environment(self._server, folder / "home"),
            folder=self._checkout,
        )
        self.costs[name].append(cost)
        report = json.loads(output)
        _require(name, report["outcome"], outcome)
        if (read := _entries(report)) is not None:
            _require(name, read, entries)
        steps = report.get("steps", [])
        outside = cost.seconds - sum(step["seconds"] for step in steps)
        used = cost.cpu_s - sum(step["cpu_s"] for step in steps)
        self._steps[name].append([*steps, _step(OUTSIDE, outside, used, cost.peak_mb)])

    def _run(self, name: str, command: list[str | Path], target: Path, folder: Path) -> str:
        """Run a contestant with the server's address and its file or folder."""
        arguments = [*command, self._server.url, target]
        log, environment = folder / f"{name}-log", {"NO_PROXY": "127.0.0.1"}
        cost, output = measure(arguments, log=log, environment=environment)
        self.costs[name].append(cost)
        return output

    def _measure_floors(self, folder: Path) -> None:
        warehouse = folder / "home" / "warehouse.duckdb"
        command = [sys.executable, "-m", "bench.floors", self._server.url]
        _, output = measure(
            [*command, folder / "bare.duckdb", warehouse, folder],
            log=folder / "floors",
            environment={"NO_PROXY": "127.0.0.1"},
        )
        for name, seconds in json.loads(output).items():
            self._floors[name].append(seconds)


def hour_environment(server: SampleServer, home: Path) -> dict[str, str]:
    """Return the settings of an hour of a home that reads everything from one server."""
    return {
        "PRICEHOUSE_HOME": str(home),
        # it answers 404 for providers' own price lists
        **{feed.setting: base_url(server.url, feed.feed) for _, feed in load_registry().feeds()},
        "NO_PROXY": "127.0.0.1",
    }


def serve_changes(server: SampleServer, changes: int) -> None:
    """Let the server answer as after so many changes of its models."""
    url = f"{server.url}/changes/{changes}"
    with urlopen(Request(url, method="POST"), timeout=60) as response:  # noqa: S310 - loopback
        response.read()


def _entries(report: dict[str, Any]) -> int | None:
    """Count what the bare script reads too: estimates are made, not read.

    None where an answer was the last one again, so that its entries were not counted once more.
    """
    counts = [feed["records"] for feed in report["feeds"] if feed["feed"] in FEEDS]
    return None if None in counts else sum(counts)


def _require(name: str, found: object, wanted: object) -> None:
    """Raise BenchFailed unless the same was read: only then do times compare."""
    if found != wanted:
        raise BenchFailed(f"{name} read {found}, where {wanted} was to be read")


def _median_step(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return _step(
        steps[0]["step"],
        median(step["seconds"] for step in steps),
        median(step["cpu_s"] for step in steps),
        max(step["peak_mb"] for step in steps),
    )


def _step(name: str, seconds: float, cpu_s: float, peak_mb: float) -> dict[str, Any]:
    return {
        "step": name,
        "seconds": round(seconds, 3),
        "cpu_s": round(cpu_s, 3),
        "peak_mb": round(peak_mb),
    }
