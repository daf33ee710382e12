"""Choose the columns of a table that fit a terminal, by importance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_FRAME = 3
"""The width of a column's frame and spaces."""
_FIRST = {"model_id", "inference_provider", "unit", "tier", "event"}
_LAST = ("_id", "_hash", "json_path", "evidence", "formula", "rule_version", "_run", "source")


def fitting_columns(
    names: Sequence[str], kinds: Sequence[str], rows: Sequence[Sequence[Any]], width: int
) -> tuple[list[int], list[int]]:
    """Return the places of the columns that fit, in order, and of those without any value.

    `kinds` are the types as the header shows them. Prices come before other columns, identifiers
    come last; at least one column is returned.
    """
    empty = [] if not rows else [i for i in range(len(names)) if all(r[i] is None for r in rows)]
    if len(empty) == len(names):
        empty = []
    left = width - 1
    chosen: list[int] = []
    for place in sorted(set(range(len(names))) - set(empty), key=lambda i: (_rank(names[i]), i)):
        cells = [names[place], kinds[place], *(_text(row[place]) for row in rows)]
        needed = max(map(len, cells)) + _FRAME
        if needed <= left or not chosen:
            chosen.append(place)
            left -= needed
    return sorted(chosen), empty


def _rank(name: str) -> int:
    if name in _FIRST or name.endswith("_per_million"):
        return 0
    if name.endswith("amount") or name.startswith("cost_per") or name == "price_status":
        return 1
    return 3 if name.endswith(_LAST) else 2


def _text(value: Any) -> str:
    return "NULL" if value is None else str(value)
