"""Compare each price with its peers: the same model elsewhere, then models of its size or author.

One provider is one voice, however many offers it has, and it never confirms itself: a provider that
states all its prices in a wrong unit outvotes nobody. The factors are measured on every recorded
answer by scripts/docs/peer_factors.py; docs/peers.md has the figures.
"""

from __future__ import annotations

from decimal import Decimal
from math import exp

import polars as pl

from schemas.amounts import amount_text
from schemas.state import SERIES
from schemas.units import TOKENS
from transforms.gate.contradictions import refuse_contradicting

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
COMPARED_UNITS = (
    *TOKENS,
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
_CLASSES = (
    ("size", SIZE_FACTOR, "models of its size"),
    ("author", AUTHOR_FACTOR, "its author's models"),
    ("field", FIELD_FACTOR, "its task group"),
)
_NUMBERS = ["_row", "_kind", "_model", "_who", "log", *(name for name, _, _ in _CLASSES)]
_EDGE = 1e-9  # logarithms are floats: the edge itself is far


def find_unlike(prices: pl.DataFrame) -> pl.DataFrame:
    """Return UNLIKE: the compared prices that are far from their peers.

    `prices` has SERIES, model_id, inference_provider, task_group, currency, `amount` per ONE unit,
    `parameters` of the model (null: not known), `is_compared`, and `is_established`: cards
    show it already. Every row is a peer of the others, compared or not.

    A price on which two other providers agree is like its peers, unless more contradict it. Without
    them it is unlike where it is far from the median of its size, else its author, else its task
    group, of LEAST_PROVIDERS other providers. A price that more providers of its model contradict
    than support is unlike; where that is true of all of them, see `refuse_contradicting`.
    """
    named = _with_logs(prices.filter(pl.col("unit").is_in(COMPARED_UNITS) & (pl.col("amount") > 0)))
    known = named.select(*_NUMBERS, "is_compared")  # a large catalogue's names would be copied
    pairs = _pairs(known)
    rows = _with_oddness(_with_votes(known, pairs))
    odd = rows.filter("is_odd").select(_voter="_row")
    counted = _without_voters(rows, pairs, odd).with_columns(
        is_outvoted=~pl.col("is_odd") & (pl.col("far") > pl.col("near"))
    )
    undecided = counted.filter(
        (pl.col("is_odd") | pl.col("is_outvoted") | (pl.col("far") + pl.col("near") == 0))
        .all()
        .over("_model")
        & pl.col("is_outvoted")
    )
    names = named.select("_row", *SERIES, "task_group", "currency", "is_established")
    refused = refuse_contradicting(undecided.join(names, on="_row"), factor=MODEL_FACTOR)
    spared = undecided.filter(~pl.col("_row").is_in(refused))["_row"]
    unlike = _with_model_log(
        counted.filter(
            "is_compared",
            (pl.col("is_odd") | pl.col("is_outvoted")) & ~pl.col("_row").is_in(spared.implode()),
        ),
        pairs.join(odd, on="_voter", how="anti"),
    )
    return unlike.join(names, on="_row").select(*SERIES, unlike=_distance()).sort(SERIES)


def measure_distances(prices: pl.DataFrame) -> pl.DataFrame:
    """Return the prices that are compared with `model`, `size`, `author` and `field`: the factor
    between each and the median of those peers; null where there are too few.
    """
    rows = _with_logs(prices.filter(pl.col("unit").is_in(COMPARED_UNITS) & (pl.col("amount") > 0)))
    measured = _with_classes(_with_model_log(rows, _pairs(rows)), rows)
    return measured.select(
        *prices.columns,
        *(
            (pl.col("log") - pl.col(f"{name}_log")).abs().exp().alias(name)
            for name in ("model", *(title for title, _, _ in _CLASSES))
        ),
    )


def _with_logs(prices: pl.DataFrame) -> pl.DataFrame:
    """Add `log`, the classes that its model belongs to, and numbers to join with instead of names.

    `_row` is a price, `_kind` what compares at all, `_model` the same model in it, `_who` a
    provider.
    """
    return prices.with_columns(
        _kind=pl.struct(_SAME).rank("dense"),
        _model=pl.struct("model_id", *_SAME).rank("dense"),
        _who=pl.col("inference_provider").rank("dense"),
        log=pl.col("amount").cast(pl.Float64).log(),
        size=pl.when(pl.col("parameters") > 0).then(
            pl.col("parameters").cast(pl.Float64).log(4).floor()
        ),
        author=pl.when(pl.col("model_id").str.contains("/", literal=True))
        .then(pl.col("model_id").str.extract("^([^/]*)").str.to_lowercase())
        .rank("dense"),
        field=pl.lit(0),
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
    odd = rows.filter(first["is_odd"])
    others = _with_classes(odd, first.filter(~pl.col("is_odd")))
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
    key = [name, "_kind"]
    voices = (
        peers.filter(pl.col(name).is_not_null())
        .group_by(*key, "_who")
        .agg(voice=pl.col("log").median())
    )
    medians = (
        rows.filter(pl.col(name).is_not_null())
        .select(*key, "_who")
        .unique()
        .join(voices.rename({"_who": "_other"}), on=key)
        .filter(pl.col("_other") != pl.col("_who"))
        .group_by(*key, "_who")
        .agg(pl.len().alias("_count"), pl.col("voice").median().alias(f"{name}_log"))
        .filter(pl.col("_count") >= LEAST_PROVIDERS)
        .drop("_count")
    )
    return rows.join(medians, on=[*key, "_who"], how="left", maintain_order="left")


def _pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Return each price with each one of the same model at another provider."""
    others = rows.select("_model", _voter="_row", _other="_who", _voice="log")
    return (
        rows.select("_row", "_who", "log", "_model")
        .join(others, on="_model")
        .filter(pl.col("_other") != pl.col("_who"))
        .select("_row", "log", "_voter", "_other", "_voice")
    )


def _with_votes(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add how many other providers have a price that is `near`, and how many are all `far`."""
    votes = (
        pairs.with_columns(is_near=~_far(pl.col("_voice"), pl.lit(MODEL_FACTOR)))
        .group_by("_row", "_other")
        .agg(pl.col("is_near").any())
        .group_by("_row")
        .agg(
            near=pl.col("is_near").sum().cast(pl.Int64),
            far=(~pl.col("is_near")).sum().cast(pl.Int64),
        )
    )
    return rows.join(votes, on="_row", how="left", maintain_order="left").with_columns(
        pl.col("near", "far").fill_null(0)
    )


def _without_voters(rows: pl.DataFrame, pairs: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with their votes counted again where one of `odd` (_voter) was counted."""
    touched = pairs.join(odd, on="_voter", how="semi").select("_row").unique()
    if touched.is_empty():
        return rows
    left = pairs.join(touched, on="_row", how="semi").join(odd, on="_voter", how="anti")
    again = _with_votes(rows.join(touched, on="_row", how="semi").drop("near", "far"), left)
    return pl.concat([rows.join(touched, on="_row", how="anti"), again.select(rows.columns)])


def _with_model_log(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `model_log`: the median over the other providers of the model."""
    medians = (
        pairs.join(rows, on="_row", how="semi")
        .group_by("_row", "_other")
        .agg(pl.col("_voice").median())
        .group_by("_row")
        .agg(model_log=pl.col("_voice").median())
    )
    return rows.join(medians, on="_row", how="left", maintain_order="left")


def _far(other: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """Return whether `log` is a factor or more from another logarithm; False where one is null."""
    return ((pl.col("log") - other).abs() >= factor.cast(pl.Float64).log() - _EDGE).fill_null(
        value=False
    )


def _distance() -> pl.Expr:
    """Return how far a price is from its peers, as text."""
    by_class = pl.col("is_odd")
    reference = pl.when(by_class).then("class_log").otherwise("model_log")
    name = pl.when(by_class).then("class_name").otherwise(pl.lit("this model elsewhere"))
    times = (pl.col("log") - reference).map_elements(
        lambda value: amount_text(Decimal(f"{exp(value):.3g}")), return_dtype=pl.String
    )
    return pl.format("{} times the median of {}", times, name)
