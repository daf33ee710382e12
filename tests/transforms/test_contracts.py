"""Contracts: what is found without pandera is what pandera finds, column by column."""

from __future__ import annotations

from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from pandera.errors import SchemaErrors

from schemas.contract import Contract, contract, filter_rows, require
from schemas.errors import WarehouseError

SHAPE = contract(
    "shape",
    key=("name",),
    name=pa.Column(pl.String),
    note=pa.Column(pl.String, nullable=True),
    count=pa.Column(pl.Int64, pa.Check.ge(0), nullable=True),
    kind=pa.Column(pl.String, pa.Check.isin(["a", "b"])),
    share=pa.Column(pl.Float64),
)
UNCHECKED = contract("unchecked", name=pa.Column(pl.String), note=pa.Column(pl.String))
GOOD: dict[str, list[Any]] = {
    "name": ["x", "y"],
    "note": [None, "n"],
    "count": [None, 1],
    "kind": ["a", "b"],
    "share": [0.5, 1.0],
}
BAD: list[dict[str, list[Any]]] = [
    {"name": ["x", None]},
    {"count": [-1, 1]},
    {"kind": ["a", "c"]},
    {"kind": ["a", None]},
    {"share": [0.5, None]},
    {"share": [0.5, float("nan")]},
    {"name": [None, "y"], "count": [1, -2], "kind": ["d", "a"]},
]


def found_by_pandera(frame: pl.DataFrame, shape: Contract) -> set[tuple[str, int]]:
    try:
        shape.frame.validate(frame, lazy=True)
    except SchemaErrors as error:
        return set(error.failure_cases.select("column", "index").rows())
    return set()


@pytest.mark.parametrize("change", BAD)
def test_rows_are_rejected_that_pandera_rejects(change: dict[str, list[Any]]) -> None:
    frame = SHAPE.build(GOOD | change)
    found = found_by_pandera(frame, SHAPE)
    assert found
    rejected = filter_rows(frame, SHAPE).rejected
    assert {
        (reason.partition(":")[0], row["row"])
        for row in rejected.iter_rows(named=True)
        for reason in row["reasons"]
    } == found
    with pytest.raises(WarehouseError, match="break the contract"):
        require(frame, SHAPE)


@pytest.mark.parametrize("height", [0, 2])
def test_a_good_frame_passes_in_any_order_of_columns(height: int) -> None:
    frame = SHAPE.build(GOOD).head(height)
    for columns in (frame.columns, frame.columns[::-1]):
        ordered = frame.select(columns)
        assert require(ordered, SHAPE) is ordered
        assert filter_rows(ordered, SHAPE).rejected.is_empty()


@pytest.mark.parametrize(
    "frame",
    [
        SHAPE.build(GOOD).drop("note"),
        SHAPE.build(GOOD).with_columns(more=pl.lit(1)),
        SHAPE.build(GOOD).with_columns(pl.col("note").cast(pl.Binary)),
    ],
)
def test_a_frame_of_another_shape_is_our_own_mistake(frame: pl.DataFrame) -> None:
    with pytest.raises(TypeError, match="shape: "):
        filter_rows(frame, SHAPE)


def test_a_contract_without_checks_still_has_types_and_no_nulls() -> None:
    frame = UNCHECKED.build({"name": ["x"], "note": ["n"]})
    assert require(frame, UNCHECKED) is frame
    for wrong in (
        UNCHECKED.build({"name": ["x"], "note": [None]}),
        frame.with_columns(note=pl.lit(1)),
    ):
        with pytest.raises(WarehouseError, match="break the contract"):
            require(wrong, UNCHECKED)


def test_a_frame_of_the_shape_is_not_copied() -> None:
    frame = SHAPE.build(GOOD)
    assert SHAPE.shape(frame) is frame
    narrow = frame.with_columns(pl.col("count").cast(pl.Int32)).select(frame.columns[::-1])
    assert SHAPE.shape(narrow).equals(frame)
