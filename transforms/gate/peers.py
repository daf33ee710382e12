"""Compare each price with its peers: the same model elsewhere, then models of its size or author.

One provider is one voice, however many offers it has, and it never confirms itself: a provider that
states all its prices in a wrong unit outvotes nobody. The factors are measured on every recorded
answer by scripts/docs/peer_factors.py; docs/peers.md has the figures.
"""

from __future__ import annotations

from decimal import Decimal
from math import exp, log
from typing import NamedTuple

import polars as pl

from schemas.amounts import amount_text
from schemas.state import SERIES

MODEL_FACTOR = 30
"""A price is far from one of the same model if they differ by this factor or more."""
SIZE_FACTOR = 50
"""The same for the median of models of its size: between one power of 4 parameters and the next."""
AUTHOR_FACTOR = 200
"""The same for the median of its author's models, which are of all sizes."""
FIELD_FACTOR = 300
"""The same for the median of all models of its task group."""
LEAST_PROVIDERS = 3
"""A median of fewer other providers could be one provider's mistake."""
NEARER = 2
"""Of prices that contradict each other one is right if it is nearer to its peers by this factor."""
TYPICAL = {
    ("text", "input_token"): 0.27e-6,
    ("text", "output_token"): 0.8e-6,
    ("image", "image"): 0.03,
}
"""Median USD per ONE unit of the recorded answers, for a home with too few providers."""
COMPARED_UNITS = (
    "input_token",
    "output_token",
    "cached_input_token",
    "cache_write_token",
    "reasoning_token",
    "image",
    "megapixel",
    "second_of_audio",
    "second_of_video",
    "character",
)
"""Units of which one costs much the same wherever it is made; a run or a request is of any size."""
UNLIKE = pl.DataFrame(schema={**dict.fromkeys(SERIES, pl.String), "unlike": pl.String})
"""Series whose price is unlike its peers; `unlike` is how far, and from whom."""

_SAME = ["task_group", "unit", "tier", "currency"]
_MODEL = ["model_id", *_SAME]
_CLASSES = (
    ("size", SIZE_FACTOR, "models of its size"),
    ("author", AUTHOR_FACTOR, "its author's models"),
    ("field", FIELD_FACTOR, "its task group"),
)
_EDGE = 1e-9  # logarithms are floats: the edge itself is far


class _Contender(NamedTuple):
    row: int
    log: float
    distance: float | None
    is_established: bool


def find_unlike(prices: pl.DataFrame) -> pl.DataFrame:
    """Return UNLIKE: the judged prices that are far from their peers.

    `prices` has SERIES, model_id, inference_provider, task_group, currency, `amount` per ONE unit,
    `parameters` of the model (null: not known), `is_judged`, and `is_established`: it is the price
    that cards show already. Every row is a peer of the others, judged or not.

    A price on which two other providers agree is like its peers, unless more contradict it. Without
    them it is unlike where it is far from the median of its size, else its author, else its task
    group, of LEAST_PROVIDERS other providers. A price that more providers of its model contradict
    than support is unlike; where that is true of all of them, see `_contradicted`.
    """
    known = _with_logs(prices.filter(pl.col("unit").is_in(COMPARED_UNITS) & (pl.col("amount") > 0)))
    pairs = _pairs(known)
    rows = _with_oddness(_with_votes(known, pairs))
    odd = rows.filter("is_odd").select(_voter="_row")
    counted = _with_votes(rows, pairs.join(odd, on="_voter", how="anti")).with_columns(
        is_outvoted=~pl.col("is_odd") & (pl.col("far") > pl.col("near"))
    )
    undecided = counted.filter(
        (pl.col("is_odd") | pl.col("is_outvoted") | (pl.col("far") + pl.col("near") == 0))
        .all()
        .over(_MODEL)
        & pl.col("is_outvoted")
    )
    spared = undecided.filter(~pl.col("_row").is_in(_contradicted(undecided)))["_row"]
    unlike = counted.filter(
        "is_judged",
        (pl.col("is_odd") | pl.col("is_outvoted")) & ~pl.col("_row").is_in(spared.implode()),
    )
    return unlike.select(*SERIES, unlike=_distance()).sort(SERIES)


def measure_distances(prices: pl.DataFrame) -> pl.DataFrame:
    """Return the prices that are compared with `model`, `size`, `author` and `field`: the factor
    between each and the median of those peers; null where there are too few.
    """
    rows = _with_logs(prices.filter(pl.col("unit").is_in(COMPARED_UNITS) & (pl.col("amount") > 0)))
    measured = _with_classes(_with_votes(rows, _pairs(rows)), rows)
    return measured.select(
        *prices.columns,
        *(
            (pl.col("log") - pl.col(f"{name}_log")).abs().exp().alias(name)
            for name in ("model", *(title for title, _, _ in _CLASSES))
        ),
    )


def _with_logs(prices: pl.DataFrame) -> pl.DataFrame:
    """Add `log`, a row's number, and the classes that its model belongs to."""
    return prices.with_columns(
        log=pl.col("amount").cast(pl.Float64).log(),
        size=pl.when(pl.col("parameters") > 0).then(
            pl.col("parameters").cast(pl.Float64).log(4).floor()
        ),
        author=pl.when(pl.col("model_id").str.contains("/", literal=True)).then(
            pl.col("model_id").str.split("/").list.first().str.to_lowercase()
        ),
        field=pl.lit("all"),
    ).with_row_index("_row")


def _with_oddness(rows: pl.DataFrame) -> pl.DataFrame:
    """Add `is_odd`: no two other providers agree on the price, and it is far from its class.

    Odd prices may have moved the medians of a class of few providers, so that honest ones seem odd
    too: each has to be far from the others as well, where those are enough.
    """
    is_odd = (pl.col("near") < 2) & _far(pl.col("class_log"), pl.col("class_factor"))
    first = _with_classes(rows, rows).with_columns(is_odd=is_odd)
    if not first["is_odd"].any():
        return first
    others = _with_classes(rows, first.filter(~pl.col("is_odd")))
    spared = others.filter(~is_odd & pl.col("class_log").is_not_null())["_row"]
    return first.with_columns(is_odd=pl.col("is_odd") & ~pl.col("_row").is_in(spared.implode()))


def _with_classes(rows: pl.DataFrame, peers: pl.DataFrame) -> pl.DataFrame:
    """Add `class_log`, `class_factor`, `class_name` of the first class that has enough providers
    among the peers; null where none has.
    """
    for name, _, _ in _CLASSES:
        rows = _with_median(rows, peers, name)
    medians = [pl.col(f"{name}_log") for name, _, _ in _CLASSES]
    return rows.with_columns(
        class_log=pl.coalesce(medians),
        class_factor=_first_class([float(factor) for _, factor, _ in _CLASSES]),
        class_name=_first_class([title for _, _, title in _CLASSES]),
    )


def _first_class(values: list[float] | list[str]) -> pl.Expr:
    return pl.coalesce(
        pl.when(pl.col(f"{name}_log").is_not_null()).then(pl.lit(value))
        for (name, _, _), value in zip(_CLASSES, values, strict=True)
    )


def _with_median(rows: pl.DataFrame, peers: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add `{name}_log`: the median over other providers, each with the median of its prices."""
    key = [name, *_SAME]
    voices = (
        peers.filter(pl.col(name).is_not_null())
        .group_by(*key, "inference_provider")
        .agg(voice=pl.col("log").median())
    )
    medians = (
        rows.filter(pl.col(name).is_not_null())
        .select(*key, "inference_provider")
        .unique()
        .join(voices.rename({"inference_provider": "_other"}), on=key)
        .filter(pl.col("_other") != pl.col("inference_provider"))
        .group_by(*key, "inference_provider")
        .agg(pl.len().alias("_count"), pl.col("voice").median().alias(f"{name}_log"))
        .filter(pl.col("_count") >= LEAST_PROVIDERS)
        .drop("_count")
    )
    return rows.join(medians, on=[*key, "inference_provider"], how="left", maintain_order="left")


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each price with each one of the same model at another provider."""
    others = rows.select(*_MODEL, _voter="_row", _other="inference_provider", _voice="log")
    return (
        rows.select("_row", "inference_provider", "log", *_MODEL)
        .join(others, on=_MODEL)
        .filter(pl.col("_other") != pl.col("inference_provider"))
        .select("_row", "log", "_voter", "_other", "_voice")
    )


def _with_votes(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add how many other providers are `near` and `far`, and `model_log`: the median of theirs."""
    votes = (
        pairs.group_by("_row", "_other")
        .agg(
            is_near=(~_far(pl.col("_voice"), pl.lit(MODEL_FACTOR))).any(),
            voice=pl.col("_voice").median(),
        )
        .group_by("_row")
        .agg(
            near=pl.col("is_near").sum().cast(pl.Int64),
            far=(~pl.col("is_near")).sum().cast(pl.Int64),
            model_log=pl.col("voice").median(),
        )
    )
    return (
        rows.drop("near", "far", "model_log", strict=False)
        .join(votes, on="_row", how="left", maintain_order="left")
        .with_columns(pl.col("near", "far").fill_null(0))
    )


def _far(other: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """Return whether `log` is a factor or more from another logarithm; False where one is null."""
    return ((pl.col("log") - other).abs() >= factor.cast(pl.Float64).log() - _EDGE).fill_null(
        value=False
    )


def _contradicted(undecided: pl.DataFrame) -> list[int]:
    """Return the rows to refuse of models of which no price has a majority."""
    typical = pl.lit(None, pl.Float64)
    for (group, unit), amount in TYPICAL.items():
        is_this = (pl.col("task_group") == group) & (pl.col("unit") == unit)
        usual = is_this & (pl.col("currency") == "USD")
        typical = pl.when(usual).then(pl.lit(log(amount))).otherwise(typical)
    known = undecided.with_columns(
        distance=(pl.col("log") - pl.coalesce("class_log", typical)).abs()
    )
    refused: list[int] = []
    for _, group_rows in known.group_by(_MODEL, maintain_order=True):
        fields = group_rows.select("_row", "log", "distance", "is_established")
        refused += _refused([_Contender(*row) for row in fields.iter_rows()])
    return refused


def _refused(contenders: list[_Contender]) -> list[int]:
    """Return the rows of contradicting prices that are refused.

    The one that is clearly nearest to its peers is right, with those near it; else the ones that
    cards show already; else none is.
    """
    measured = sorted((c.distance, c) for c in contenders if c.distance is not None)
    if len(measured) == len(contenders):
        least, best = measured[0]
        rest = [(distance, c) for distance, c in measured if not _is_near(c, best)]
        if rest and rest[0][0] - least >= log(NEARER):
            return [c.row for _, c in rest]
    established = [c for c in contenders if c.is_established]
    return [c.row for c in contenders if not any(_is_near(c, known) for known in established)]


def _is_near(one: _Contender, other: _Contender) -> bool:
    return abs(one.log - other.log) < log(MODEL_FACTOR) - _EDGE


def _distance() -> pl.Expr:
    """Return how far a price is from its peers, as text."""
    by_class = pl.col("is_odd")
    reference = pl.when(by_class).then("class_log").otherwise("model_log")
    name = pl.when(by_class).then("class_name").otherwise(pl.lit("this model elsewhere"))
    times = (pl.col("log") - reference).map_elements(
        lambda value: amount_text(Decimal(f"{exp(value):.3g}")), return_dtype=pl.String
    )
    return pl.format("{} times the median of {}", times, name)
