"""Measure an hour that a shared warehouse records, against one that the home's own file records.

`python -m bench.shared` runs PostgreSQL and an object store on this machine, serves the sample
scaled to 50,000 models, and runs whole processes in turn, several rounds of them. README.md beside
this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.facts import machine_facts, write_results
from bench.hour_rounds import HOURS, INGEST, hour_environment, serve_changes
from bench.measure import BenchFailed, Cost, SampleServer, exit_on_terminate, measure_apart, serving
from bench.verdict import Promise, at_most, promise_lines, ratio
from tests.support.lakes import running_places

MODELS = 50_000
ROUNDS = 3
FILE, SHARED = "a home's file", "a shared warehouse"
MAX_TIMES, MAX_MEMORY = 1.3, 1.2
Costs = dict[tuple[str, str], list[Cost]]
"""(hour, what records it) → its cost in each round."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.shared", description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS, help=f"default {MODELS}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--write", action="store_true", help="write bench/results/shared-….json")
    given = parser.parse_args()
    exit_on_terminate()  # so that the servers are stopped too
    facts = machine_facts()
    try:
        costs = run(given.models, given.rounds)
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    found = promises(costs)
    figures = {"models": given.models, "rounds": given.rounds, "rows": rows(costs)}
    if given.write:
        goals = {"promises": [asdict(promise) for promise in found]}
        write_results(f"shared-{given.models}", facts | figures | goals)
    sys.stdout.write(f"{table(costs)}\n{promise_lines(found)}\n")


def run(models: int, rounds: int) -> Costs:
    """Return what each hour took, in a new home and a new shared warehouse each round."""
    costs: Costs = {(hour, kind): [] for hour in HOURS for kind in (FILE, SHARED)}
    with (
        serving(models) as server,
        running_places("s3") as places,
        tempfile.TemporaryDirectory(prefix="pricehouse-shared-") as tmp,
    ):
        for number in range(rounds + 1):  # the first is not counted: it reads the code from disk
            place = places.make(f"shared-{number}")
            for kind, settings in ((FILE, {}), (SHARED, place.environment)):
                folder = Path(tmp) / f"{number}-{kind}"
                folder.mkdir()
                for hour in HOURS:
                    cost = _measured(server, hour, folder, settings)
                    if number:
                        costs[hour, kind].append(cost)
    return costs


def _measured(server: SampleServer, hour: str, folder: Path, settings: Mapping[str, str]) -> Cost:
    outcome, changes = HOURS[hour]
    serve_changes(server, changes)
    log = folder / "hour"
    environment = {**hour_environment(server, folder / "home"), **settings}
    # the servers' code is in this process, and a child begins with its parent's peak
    cost = measure_apart(INGEST, log=log, environment=environment)
    report = json.loads(log.with_suffix(".out").read_text())
    if report["outcome"] != outcome:
        raise BenchFailed(f"the {hour} was {report['outcome']}, where {outcome} was to be")
    return cost


def promises(costs: Costs) -> list[Promise]:
    """Compare each hour of a shared warehouse with that of a file."""
    found = []
    for hour in HOURS:
        own, base = costs[hour, SHARED], costs[hour, FILE]
        memory = max(cost.peak_mb for cost in own) / max(cost.peak_mb for cost in base)
        found += [
            at_most(f"{hour}: times that of a file", ratio(own, base), MAX_TIMES, "×"),
            at_most(f"{hour}: times the memory of that of a file", memory, MAX_MEMORY, "×"),
        ]
    return found


def rows(costs: Costs) -> list[dict[str, Any]]:
    """Return a row for each hour and what records it: median seconds, largest peak."""
    return [
        {
            "name": f"{hour}, {kind}",
            "seconds": round(median(cost.seconds for cost in each), 3),
            "cpu_s": round(median(cost.cpu_s for cost in each), 3),
            "peak_mb": round(max(cost.peak_mb for cost in each), 3),
            "ratio": round(ratio(each, costs[hour, FILE]), 3),
        }
        for (hour, kind), each in costs.items()
    ]


def table(costs: Costs) -> str:
    """Return what a person reads: a line for each row."""
    lines = [f"{'':<44}{'median s':>10}{'CPU s':>10}{'peak MB':>10}{'ratio':>9}"]
    lines += [
        f"{row['name']:<44}{row['seconds']:>10.2f}{row['cpu_s']:>10.2f}{row['peak_mb']:>10.0f}"
        f"{row['ratio']:>7.2f} ×"
        for row in rows(costs)
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
