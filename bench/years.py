"""Play a day, a month and a year of hours, and measure what grows.

`python -m bench.years` drives the real steps of a run over a catalogue that changes from hour to
hour (bench/churn.py), with a clock that is moved on, daily maintenance included. Three days are
played; earlier history is put before them as copies of what they logged (bench/aging.py), and half
a day more is played on top of it. At each point it measures sizes, the last hours, queries, and the
replay of the last hours. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from bench.aging import age
from bench.churn import ChangingCatalog
from bench.facts import machine_facts, write_results
from bench.home_sizes import query_times, row_counts, sizes
from bench.measure import exit_on_terminate, measure_apart
from bench.simulated_hour import SimulatedClock, hour_settings, play_hour
from pipeline.maintenance import KEEP_HOURLY_DAYS, Upkeep, maintain
from warehouse.connect import open_writer
from warehouse.storage.home import Home
from warehouse.writer.checkpoint import checkpoint_of, write_checkpoint
from warehouse.writer.state import read_last_run

START = datetime(2025, 1, 1, 0, 5, tzinfo=UTC)
DAY, MONTH, YEAR = 24, 720, 8760
LAST = 12
"""The hours before a point that are played and measured."""
REPLAYED = 6
"""The hours before a point that are replayed."""
PERIOD = 3 * DAY
"""The hours that are played, besides the first one; every earlier period is a copy of them."""
MODELS = 836
RESULT = "years"


def main() -> None:
    """Play, measure at each point, and write the result after each."""
    parser = argparse.ArgumentParser(prog="python -m bench.years", description=__doc__)
    parser.add_argument("--models", type=int, default=MODELS, help=f"default {MODELS}")
    parser.add_argument(
        "--points",
        type=lambda text: sorted(int(hours) for hours in text.split(",")),
        default=[DAY, MONTH, YEAR],
        help="the hours after which it measures; default: a day, a month, a year",
    )
    parser.add_argument(
        "--every-hour",
        action="store_true",
        help="play every hour, copy none: hours of a processor for a year",
    )
    parser.add_argument("--write", action="store_true", help="write bench/results/years.json")
    given = parser.parse_args()
    exit_on_terminate()  # so that the home is removed
    facts = machine_facts()
    points: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="pricehouse-years-") as folder:
        for point in play(
            Path(folder), models=given.models, points=given.points, every_hour=given.every_hour
        ):
            points.append(point)
            sys.stdout.write(f"{table(points[-1:])}\n")
            sys.stdout.flush()
            if given.write:
                played = {"models": given.models, "period": PERIOD, "last": LAST}
                write_results(RESULT, {**facts, **played, "points": points})
    if len(points) > 1:
        sys.stdout.write(f"{growth(points)}\n")


class Years:
    """A home that lives through simulated hours; `before` is its warehouse `REPLAYED` hours ago."""

    def __init__(self, folder: Path, models: int) -> None:
        self.home = folder / "home"
        self.before = folder / "before.duckdb"
        self._folder = folder
        self._catalog = ChangingCatalog(models)
        self._clock = SimulatedClock(START)
        self._settings = hour_settings(self.home)
        self._last_day: deque[tuple[float, dict[str, float]]] = deque(maxlen=LAST)
        self._maintained_s = 0.0
        self.hours = 0
        """That were played."""
        self._copies = 0

    @property
    def age_hours(self) -> int:
        """The hours of history that the home has, copies too."""
        return self.hours + self._copies * PERIOD

    def age_to(self, hours: int) -> None:
        """Play a period, put history before it, then play on: about so many hours in all."""
        if self.hours <= PERIOD:
            self.play_to(PERIOD + 1)
        copies = round((hours - LAST - self.hours) / PERIOD)
        if copies > self._copies:
            now = START + timedelta(hours=self.hours)
            age(
                self.home,
                hours=PERIOD,
                copies=range(self._copies + 1, copies + 1),
                keep_from=now - timedelta(days=KEEP_HOURLY_DAYS),
            )
            self._copies = copies
            self._maintain(Upkeep(compact=True))
        self.play_to(self.hours + LAST)

    def _maintain(self, upkeep: Upkeep) -> None:
        began = process_time()
        maintain(self.home, upkeep, clock=self._clock)
        self._maintained_s = process_time() - began

    def play_to(self, hours: int) -> None:
        """Play until so many hours have passed; a day of hours ends with maintenance."""
        while self.hours < hours:
            if self.hours == hours - REPLAYED:
                self.before.unlink(missing_ok=True)
                if self.hours:
                    shutil.copyfile(self.home / "warehouse.duckdb", self.before)
            if self.hours:
                self._catalog.advance()
            self._clock.move_to(START + timedelta(hours=self.hours))
            started = perf_counter()
            _, seconds = play_hour(self._settings, self._catalog, self._clock)
            self._last_day.append((perf_counter() - started, seconds))
            self.hours += 1
            if self.hours % DAY == 0:
                self._maintain(Upkeep())

    def figures(self) -> dict[str, Any]:
        """Return what the home takes now, and what its last hours took (processor seconds)."""
        steps = {
            step: round(median(seconds.get(step, 0.0) for _, seconds in self._last_day), 4)
            for step in self._last_day[-1][1]
        }
        sums = [sum(seconds.values()) for _, seconds in self._last_day]
        return {
            "hours": self.age_hours,
            "played_hours": self.hours,
            "hour_cpu_s": round(median(sums), 3),
            "hour_wall_s": round(median(wall for wall, _ in self._last_day), 3),
            "steps_cpu_s": steps,
            "maintain_cpu_s": round(self._maintained_s, 3),
            "queries_ms": query_times(self.home / "marketplace.duckdb", START, self.hours),
            "replay": self._replay(),
            "bytes": sizes(self.home) | {"a checkpoint": self._checkpoint_bytes()},
            "rows": row_counts(self.home / "warehouse.duckdb"),
        }

    def _checkpoint_bytes(self) -> int:
        """Return what a checkpoint takes, as maintenance writes one once bytes are dropped."""
        home = Home.at(self.home)
        with open_writer(home.warehouse) as con:
            last = read_last_run(con)
        if last is None:
            return 0
        checkpoint = checkpoint_of(home, last)
        was_there = checkpoint.path.exists()
        write_checkpoint(home, last)
        taken = checkpoint.path.stat().st_size
        if not was_there:
            checkpoint.path.unlink()
        return taken

    def _replay(self) -> dict[str, float]:
        """Replay the last hours in a process of its own, from the warehouse before them."""
        other = self._folder / "replayed"
        other.mkdir()
        try:
            shutil.copyfile(self.home / "home.json", other / "home.json")
            (other / "landing").symlink_to(self.home / "landing")
            if self.before.exists():
                shutil.copyfile(self.before, other / "warehouse.duckdb")
            command = [sys.executable, "-m", "cli.main", "replay"]
            environment = {"PRICEHOUSE_HOME": str(other)}
            cost = measure_apart(command, log=self._folder / "replay", environment=environment)
        finally:
            shutil.rmtree(other)
        hours = min(REPLAYED, self.hours)
        return {
            "hours": hours,
            "cpu_s_per_hour": round(cost.cpu_s / hours, 3),
            "wall_s_per_hour": round(cost.seconds / hours, 3),
            "peak_mb": round(cost.peak_mb),
        }


def play(
    folder: Path, *, models: int, points: list[int], every_hour: bool = False
) -> Iterator[dict[str, Any]]:
    """Play to each point in turn, and yield its figures."""
    years = Years(folder, models)
    for hours in points:
        if every_hour or hours <= PERIOD:
            years.play_to(hours)
        else:
            years.age_to(hours)
        yield years.figures()


def table(points: list[dict[str, Any]]) -> str:
    """Return what a person reads: a line per figure, a column per point."""
    lines = [_line("hours", [point["hours"] for point in points])]
    for name in ("hour_cpu_s", "hour_wall_s", "maintain_cpu_s"):
        lines.append(_line(name, [point[name] for point in points]))
    for part in ("steps_cpu_s", "replay", "queries_ms", "bytes"):
        lines.append(f"{part}:")
        lines += [
            _line(f"  {name}", [point[part].get(name) for point in points])
            for name in points[0][part]
        ]
    return "\n".join(lines)


def growth(points: list[dict[str, Any]]) -> str:
    """Return how many times the figures of the last point are those of the first."""
    first, last = points[0], points[-1]
    times = last["hours"] / first["hours"]
    lines = [f"from {first['hours']} to {last['hours']} hours ({times:.0f} ×):"]
    for name in ("hour_cpu_s", "maintain_cpu_s"):
        lines.append(f"  {name:<28}{last[name] / (first[name] or 0.001):>8.2f} ×")
    for part in ("steps_cpu_s", "queries_ms", "bytes"):
        for name, value in first[part].items():
            lines.append(f"  {name:<28}{last[part][name] / (value or 1):>8.2f} ×")
    return "\n".join(lines)


def _line(name: str, values: list[Any]) -> str:
    return f"{name:<30}" + "".join(f"{value:>16}" for value in values)


if __name__ == "__main__":
    main()
