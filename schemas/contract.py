"""Frame contracts with two verbs: `require` raises on a failure, `filter_rows` rejects rows.

`require` is for frames that our own code makes, `filter_rows` for rows that a source states.

pandera checks values only on eager frames, so both verbs take a DataFrame, never a LazyFrame.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from schemas.errors import SettingsError, WarehouseError

UTC_TIME = pl.Datetime("us", "UTC")
MONEY = pl.Decimal(38, 18)
TEXT_LIST = pl.List(pl.String)
FLOATS = (pl.Float32, pl.Float64)

SLICE_ROWS = 25_000
"""Rows that are checked at a time: copies of a whole frame would be the peak of a run's memory."""


@dataclass(frozen=True)
class Contract:
    """A named frame shape: columns with checks, and the columns that identify a row."""

    name: str
    frame: pa.DataFrameSchema
    key: tuple[str, ...] = ()

    @cached_property
    def dtypes(self) -> dict[str, Any]:
        """Column names to polars types, in order: the schema that builders of frames use."""
        return {name: cast(Any, col.dtype).type for name, col in self.frame.columns.items()}

    @cached_property
    def filled(self) -> tuple[str, ...]:
        """Names of the columns without a null."""
        return tuple(name for name, col in self.frame.columns.items() if not col.nullable)

    @cached_property
    def checks(self) -> pa.DataFrameSchema | None:
        """The columns whose values are checked beyond type and null; None when there is none."""
        columns = {
            name: col
            for name, col in self.frame.columns.items()
            # in a float column that may have no null, NaN counts as one
            if col.checks or (self.dtypes[name] in FLOATS and not col.nullable)
        }
        return pa.DataFrameSchema(columns, strict=True, name=self.name) if columns else None

    def fits(self, frame: pl.DataFrame) -> bool:
        """Return whether a frame has these columns with these types, and no null it must not have.

        pandera takes as long for this, column by column, as for all checks together.
        """
        return frame.schema == self.dtypes and not any(
            frame.get_column(name).null_count() for name in self.filled
        )

    def empty(self) -> pl.DataFrame:
        """Return a frame of this shape without rows."""
        return pl.DataFrame(schema=self.dtypes)

    def build(self, columns: dict[str, list[Any]]) -> pl.DataFrame:
        """Return a frame from Python columns; a missing column is all null."""
        height = max((len(values) for values in columns.values()), default=0)
        full: dict[str, Any] = {name: columns.get(name, [None] * height) for name in self.dtypes}
        return pl.DataFrame(full, schema=self.dtypes)

    def shape(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with exactly this contract's columns and types, in order."""
        if list(frame.schema.items()) == list(self.dtypes.items()):
            return frame
        return frame.select(pl.col(name).cast(dtype) for name, dtype in self.dtypes.items())


def contract(name: str, /, *, key: tuple[str, ...] = (), **columns: pa.Column) -> Contract:
    """Return a contract of these columns and no others."""
    schema = pa.DataFrameSchema(dict(columns), strict=True, coerce=False, name=name)
    return Contract(name, schema, key)


@dataclass(frozen=True)
class FilterResult:
    """`accepted` keeps the input's columns; `rejected` has row, reasons, field, value_text."""

    accepted: pl.DataFrame
    rejected: pl.DataFrame


_FAILED: dict[str, Any] = {
    "row": pl.UInt32,
    "reasons": TEXT_LIST,
    "field": pl.String,
    "value_text": pl.String,
}


def filter_rows(frame: pl.DataFrame, contract: Contract) -> FilterResult:
    """Separate the rows that meet the contract from those that do not, with every reason.

    `rejected.row` is the position in `frame`. Raises TypeError on a failure that is not of a row
    (a missing column, a wrong type): then our own parser is wrong, and the home is not.
    """
    failures = _failures(frame, contract)
    if failures is None:
        return FilterResult(frame, pl.DataFrame(schema=_FAILED))
    if failures["index"].null_count():
        first = failures.filter(pl.col("index").is_null()).row(0, named=True)
        raise TypeError(f"{contract.name}: {first['column']} fails {first['check']}")
    rejected = (
        failures.with_columns(row=pl.col("index").cast(pl.UInt32))
        .with_columns(
            reason=pl.format(
                "{}:{}", "column", pl.col("check").map_elements(_check_name, return_dtype=pl.String)
            )
        )
        .group_by("row", maintain_order=True)
        .agg(
            reasons=pl.col("reason").unique(maintain_order=True),
            field=pl.col("column").first(),
            value_text=pl.col("failure_case").cast(pl.String).str.slice(0, 200).first(),
        )
        .sort("row")
        .cast(cast(Any, _FAILED))
    )
    keep = ~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(rejected["row"].implode())
    return FilterResult(frame.filter(keep), rejected)


def require(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Return the frame unchanged if it meets the contract and its key is unique.

    Raises WarehouseError otherwise.
    """
    failures = _failures(frame, contract)
    if failures is not None:
        first = failures.row(0, named=True)
        raise WarehouseError(
            f"{contract.name}: {failures.height} values break the contract; the first: "
            f"{first['column']} fails {first['check']} with {str(first['failure_case'])[:80]!r}"
        )
    if contract.key and frame.select(pl.struct(contract.key).is_duplicated().any()).item():
        raise WarehouseError(f"{contract.name}: two rows share the key {contract.key}")
    return frame


def _failures(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame | None:
    if os.environ.get("PANDERA_VALIDATION_ENABLED", "True").lower() in {"false", "0"}:
        # pandera then accepts every value without a check: no price may enter unchecked
        raise SettingsError("PANDERA_VALIDATION_ENABLED switches validation off; unset it")
    checks, found = contract.frame, []
    if contract.fits(frame):
        if contract.checks is None or frame.is_empty():
            return None
        checks, frame = contract.checks, frame.select(list(contract.checks.columns))
    for start in range(0, max(frame.height, 1), SLICE_ROWS):  # also once for a frame of no rows
        try:
            checks.validate(frame.slice(start, SLICE_ROWS), lazy=True)
        except SchemaErrors as error:
            failures = cast(pl.DataFrame, error.failure_cases)
            found.append(
                failures.select(
                    "column",
                    "check",
                    pl.col("failure_case").cast(pl.String),
                    index=pl.col("index").cast(pl.Int64) + start,
                )
            )
    return pl.concat(found) if found else None


def _check_name(check: str) -> str:
    """Return the name of a check without its pattern: `str_matches` of `str_matches('^[a-z]+$')`.

    Reasons are counted by name, and patterns would make each count its own.
    """
    return check.split("(", 1)[0]
