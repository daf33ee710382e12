"""From costs to a table: medians, ratios to the bare script, promises kept or broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.measure import Cost

BARE, FIRST, SECOND, DLT = "bare script", "first hour", "second hour", "dlt"
MAX_RATIO = 6.0
MAX_PEAK_MB = 700.0

Costs = Mapping[str, Sequence[Cost]]
"""CostRow → its cost in each round; a round has the same place in every row."""


@dataclass(frozen=True)
class CostRow:
    """One line of the table; `ratio` is the median over rounds of its time to the bare script's."""

    name: str
    seconds: float
    peak_mb: float
    ratio: float


@dataclass(frozen=True)
class Promise:
    """What was promised, what this run measured, and whether the promise is kept."""

    promise: str
    measured: str
    kept: bool


def rows(costs: Costs) -> list[CostRow]:
    """Return a row for each contestant: median seconds, largest peak."""
    return [
        CostRow(
            name,
            median(cost.seconds for cost in each),
            max(cost.peak_mb for cost in each),
            ratio(each, costs[BARE]),
        )
        for name, each in costs.items()
    ]


def ratio(costs: Sequence[Cost], base: Sequence[Cost]) -> float:
    """Return the median of the rounds' ratios: what slows a whole round down cancels out."""
    return median(c.seconds / b.seconds for c, b in zip(costs, base, strict=True))


def promises(costs: Costs) -> list[Promise]:
    """Compare the costs with what the project promises of an hour of 50,000 models."""
    first = ratio(costs[FIRST], costs[BARE])
    second = ratio(costs[SECOND], costs[FIRST])
    peak = max(cost.peak_mb for name in (FIRST, SECOND) for cost in costs[name])
    return [
        Promise(
            f"the first hour takes at most {MAX_RATIO:g} × the bare script",
            f"{first:.2f} ×",
            first <= MAX_RATIO,
        ),
        Promise(
            f"an hour's memory peaks at {MAX_PEAK_MB:g} MB at most",
            f"{peak:.0f} MB",
            peak <= MAX_PEAK_MB,
        ),
        Promise(
            "an unchanged second hour takes less than the first",
            f"{second:.2f} × the first",
            second < 1,
        ),
    ]


def table(costs: Costs, skipped: Mapping[str, str]) -> str:
    """Return the rows, what was skipped and why, and the promises as text."""
    lines = [f"{'':<14}{'median s':>10}{'peak MB':>10}{'ratio':>9}"]
    lines += [
        f"{row.name:<14}{row.seconds:>10.2f}{row.peak_mb:>10.0f}{row.ratio:>7.2f} ×"
        for row in rows(costs)
    ]
    lines += [f"{name:<14}skipped: {reason}" for name, reason in skipped.items()]
    lines.append("")
    lines += [
        f"{'kept' if promise.kept else 'broken':<8}{promise.promise}: {promise.measured}"
        for promise in promises(costs)
    ]
    return "\n".join(lines) + "\n"
