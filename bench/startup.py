"""Measure how long commands take to start, against the imports that they cannot do without.

`python -m bench.startup` runs whole processes in turn, several rounds of them, prints the ratios
with their targets and exits with 1 when one is missed. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.facts import machine_facts, write_results
from bench.market import ingest
from bench.measure import BenchFailed, measure, serving
from bench.verdict import Promise

ROUNDS = 11
MODELS = 300  # the commands are to start, not to work
CLICK, DATA = "import click", "import duckdb, polars"
_PRICEHOUSE = Path(sysconfig.get_path("scripts")) / "pricehouse"


@dataclass(frozen=True)
class Target:
    """A command, the imports that it is measured against, and the most times their duration."""

    arguments: tuple[str, ...]
    base: str
    max_ratio: float


TARGETS = (
    Target(("--help",), CLICK, 3),
    Target(("status",), DATA, 1.5),
    Target(("sql", "SELECT 1"), DATA, 1.5),
)


@dataclass(frozen=True)
class Startup:
    """The seconds of a command and of its base, round by round."""

    target: Target
    seconds: Sequence[float]
    base_seconds: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: what slows a whole round down cancels out."""
        return median(s / b for s, b in zip(self.seconds, self.base_seconds, strict=True))

    @property
    def is_met(self) -> bool:
        """Whether the ratio is at most the target's."""
        return self.ratio <= self.target.max_ratio


def main() -> None:
    """Measure, print, and exit with 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--write", action="store_true", help="write bench/results/startup.json")
    given = parser.parse_args()
    facts = machine_facts()
    try:
        found = run(given.rounds)
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    if given.write:
        figures = {"rounds": given.rounds, "promises": [asdict(p) for p in startup_promises(found)]}
        write_results("startup", facts | figures)
    sys.stdout.write(table(found))
    if not all(startup.is_met for startup in found):
        sys.exit(1)


def run(rounds: int) -> list[Startup]:
    """Return what each command took in a home with a small publication."""
    with tempfile.TemporaryDirectory(prefix="pricehouse-startup-") as folder:
        home = Path(folder) / "home"
        with serving(MODELS) as server:
            ingest(home, server.url)
        commands: dict[object, list[str | Path]] = {
            base: [sys.executable, "-c", base] for base in (CLICK, DATA)
        }
        commands |= {target: [_PRICEHOUSE, *target.arguments] for target in TARGETS}
        seconds: dict[object, list[float]] = {key: [] for key in commands}
        for number in range(rounds + 1):  # the first is not counted: it reads the code from disk
            for key, command in commands.items():
                environment = {"PRICEHOUSE_HOME": str(home)}
                cost, _ = measure(command, log=Path(folder) / "log", environment=environment)
                if number:
                    seconds[key].append(cost.seconds)
    return [Startup(target, seconds[target], seconds[target.base]) for target in TARGETS]


def startup_promises(found: Sequence[Startup]) -> list[Promise]:
    """Return each target as a goal, with the ratio that was measured."""
    return [
        Promise(
            f"`{shlex.join(each.target.arguments)}`: times `{each.target.base}`, "
            f"at most {each.target.max_ratio:g} ×",
            f"{each.ratio:.2f} ×",
            each.is_met,
        )
        for each in found
    ]


def table(found: Sequence[Startup]) -> str:
    """Return what a person reads: a line for each command."""
    lines = [f"{'':<18}{'median ms':>10}{'ratio':>9}{'target':>9}"]
    for startup in found:
        command = " ".join(startup.target.arguments)
        lines.append(
            f"{command:<18}{1000 * median(startup.seconds):>10.0f}{startup.ratio:>7.2f} ×"
            f"{startup.target.max_ratio:>7g} ×  {'met' if startup.is_met else 'missed'} "
            f"(python -c '{startup.target.base}': {1000 * median(startup.base_seconds):.0f} ms)"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
