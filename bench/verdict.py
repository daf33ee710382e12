"""From costs to a table: medians, ratios to the bare script, goals met or missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.measure import Cost

BARE, DLT, DLT_AGAIN = "bare script", "dlt", "dlt, second load"
FIRST, UNCHANGED, CHANGED = "first hour", "unchanged hour", "hour with 1 % changed"
MAX_RATIO = {FIRST: 3.0, UNCHANGED: 1.5, CHANGED: 1.8}
"""Row → the most times the bare script's duration."""
MAX_PEAK_MB = {50_000: 400.0, 1_000_000: 1500.0}
"""Models → the most memory that an hour may take; between them, and beyond, the nearest counts."""
DLT_TIMES, DLT_MEMORY = 20.0, 10.0

Costs = Mapping[str, Sequence[Cost]]
"""CostRow → its cost in each round; a round has the same place in every row."""


@dataclass(frozen=True)
class CostRow:
    """One line of the table; `ratio` is the median over rounds of its time to the bare script's."""

    name: str
    seconds: float
    cpu_s: float
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
            median(cost.cpu_s for cost in each),
            max(cost.peak_mb for cost in each),
            ratio(each, costs[BARE]),
        )
        for name, each in costs.items()
    ]


def ratio(costs: Sequence[Cost], base: Sequence[Cost]) -> float:
    """Return the median of the rounds' ratios: what slows a whole round down cancels out."""
    return median(c.seconds / b.seconds for c, b in zip(costs, base, strict=True))


def promises(costs: Costs, models: int) -> list[Promise]:
    """Compare the costs with the goals of an hour of so many models."""
    found = [
        at_most(f"{name}: times the bare script", ratio(costs[name], costs[BARE]), limit, "×")
        for name, limit in MAX_RATIO.items()
    ]
    peak = max(cost.peak_mb for name in MAX_RATIO for cost in costs[name])
    found.append(at_most("peak memory of an hour", peak, max_peak_mb(models), "MB"))
    for name, hour in ((DLT, FIRST), (DLT_AGAIN, UNCHANGED)):
        if name in costs:
            times = ratio(costs[name], costs[hour])
            memory = max(c.peak_mb for c in costs[name]) / max(c.peak_mb for c in costs[hour])
            found.append(_at_least(f"{name}: times the {hour}", times, DLT_TIMES))
            found.append(_at_least(f"{name}: times the memory of the {hour}", memory, DLT_MEMORY))
    return found


def max_peak_mb(models: int) -> float:
    """Return the goal of the size that is nearest by its ratio."""
    return MAX_PEAK_MB[min(MAX_PEAK_MB, key=lambda size: max(size / models, models / size))]


def at_most(what: str, value: float, limit: float, unit: str) -> Promise:
    """Return the goal that a value stays within a limit; `unit` is × or MB."""
    measured = f"{value:.2f} ×" if unit == "×" else f"{value:.0f} {unit}"
    return Promise(f"{what}, at most {limit:g} {unit}", measured, value <= limit)


def _at_least(what: str, value: float, limit: float) -> Promise:
    return Promise(f"{what}, at least {limit:g} ×", f"{value:.2f} ×", value >= limit)


def table(costs: Costs, skipped: Mapping[str, str], models: int) -> str:
    """Return the rows, what was skipped and why, and the goals as text."""
    lines = [f"{'':<24}{'median s':>10}{'CPU s':>10}{'peak MB':>10}{'ratio':>9}"]
    lines += [
        f"{row.name:<24}{row.seconds:>10.2f}{row.cpu_s:>10.2f}{row.peak_mb:>10.0f}"
        f"{row.ratio:>7.2f} ×"
        for row in rows(costs)
    ]
    lines += [f"{name:<24}skipped: {reason}" for name, reason in skipped.items()]
    return "\n".join([*lines, "", promise_lines(promises(costs, models))]) + "\n"


def promise_lines(found: Sequence[Promise]) -> str:
    """Return a line for each goal: met or missed, and what was measured."""
    return "\n".join(
        f"{'met' if promise.kept else 'missed':<8}{promise.promise}: {promise.measured}"
        for promise in found
    )
