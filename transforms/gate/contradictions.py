"""Decide which of a model's prices is wrong where each of them contradicts most of the others."""

from __future__ import annotations

from math import log
from typing import NamedTuple

import polars as pl

from schemas.state import SERIES

NEARER = 2
"""Of prices that contradict each other one is right if it is nearer to its peers by this factor."""
TYPICAL = {
    ("text", "input_token"): 0.27e-6,
    ("text", "output_token"): 0.8e-6,
    ("image", "image"): 0.03,
}
"""Median USD per ONE unit of the recorded answers, for a home with too few providers."""
_EDGE = 1e-9  # logarithms are floats


class _Contender(NamedTuple):
    row: int
    log: float
    distance: float | None
    is_established: bool


def refuse_contradicting(undecided: pl.DataFrame, *, factor: int) -> list[int]:
    """Return `_row` of the prices to refuse of models of which no price has a majority.

    `undecided` has SERIES, `_row`, `_model`, `log`, `class_log` (null: no class), task_group, unit,
    currency, `is_established`. Prices of one model contradict each other from `factor` on.
    """
    typical = pl.lit(None, pl.Float64)
    for (group, unit), amount in TYPICAL.items():
        is_this = (pl.col("task_group") == group) & (pl.col("unit") == unit)
        usual = is_this & (pl.col("currency") == "USD")
        typical = pl.when(usual).then(pl.lit(log(amount))).otherwise(typical)
    # in the order of the series, whatever other rows there are: of two as near the first is right
    known = undecided.sort(SERIES).with_columns(
        distance=(pl.col("log") - pl.coalesce("class_log", typical)).abs()
    )
    refused: list[int] = []
    for _, group_rows in known.group_by("_model", maintain_order=True):
        fields = group_rows.select("_row", "log", "distance", "is_established")
        refused += _refused([_Contender(*row) for row in fields.iter_rows()], log(factor))
    return refused


def _refused(contenders: list[_Contender], apart: float) -> list[int]:
    """Return the rows of contradicting prices that are refused.

    The one that is clearly nearest to its peers is right, with those near it; else the ones that
    cards show already; else none is.
    """
    near_first = sorted(contenders, key=lambda c: c.distance or 0)
    measured = [(c.distance, c) for c in near_first if c.distance is not None]
    if len(measured) == len(contenders):
        least, best = measured[0]
        rest = [(distance, c) for distance, c in measured if not _is_near(c, best, apart)]
        if rest and rest[0][0] - least >= log(NEARER):
            return [c.row for _, c in rest]
    established = [c for c in contenders if c.is_established]
    return [
        c.row for c in contenders if not any(_is_near(c, known, apart) for known in established)
    ]


def _is_near(one: _Contender, other: _Contender, apart: float) -> bool:
    return abs(one.log - other.log) < apart - _EDGE
