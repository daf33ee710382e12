"""The stages of an hour beside the least that each can take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FLOORS_OF = {
    "extract_feeds": ("fetch", "land"),
    "parse_feeds": ("parse, json", "parse, msgspec"),
    "load_run": ("insert",),
    "publish_run": ("copy",),
}
"""Step → the floors below it; a step without one does what no bare program does."""


def stage_table(
    stages: Mapping[str, Sequence[Mapping[str, Any]]], floors: Mapping[str, float]
) -> str:
    """Return a line per step, with the seconds of each hour and the floors."""
    names = list(stages)
    lines = [f"{'seconds':<22}" + "".join(f"{name:>22}" for name in names) + "  floor"]
    for step in steps_of(stages):
        seconds = [seconds_of(stages[name], step) for name in names]
        cells = "".join(f"{'' if s is None else f'{s:.2f}':>22}" for s in seconds)
        lines.append(f"{step:<22}{cells}  {floor_text(step, floors)}".rstrip())
    return "\n".join(lines)


def steps_of(stages: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[str]:
    """Return every step that an hour has, in the order of the first hour that has it."""
    return list(dict.fromkeys(step["step"] for steps in stages.values() for step in steps))


def seconds_of(
    steps: Sequence[Mapping[str, Any]], name: str, kind: str = "seconds"
) -> float | None:
    """Return the seconds of a step, None where the hour has no such step; `cpu_s` is a kind too."""
    found = [float(step[kind]) for step in steps if step["step"] == name]
    return sum(found) if found else None


def floor_text(step: str, floors: Mapping[str, float]) -> str:
    """Return the floors below a step as text, empty where there is none."""
    names = [name for name in FLOORS_OF.get(step, ()) if name in floors]
    return ", ".join(f"{name} {floors[name]:.2f}" for name in names)
