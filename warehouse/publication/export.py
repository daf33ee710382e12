"""Write a publication's relations as NDJSON and Parquet, the same bytes for the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression

from schemas.errors import HomeError
from warehouse.connect import Connection, Limits, open_reader
from warehouse.relations import RELATIONS
from warehouse.storage.files import make_named_folder, os_errors_as_home_error

if TYPE_CHECKING:
    import polars as pl

ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
_MEMORY = "512MB"
_BATCH_ROWS = 20_000
"""Rows of a relation that are in memory as a frame at the same time."""


def export(publication: Path, folder: Path) -> list[Path]:
    """Write `<relation>.ndjson` and `<relation>.parquet`, ordered by key; return the files.

    NDJSON has decimals and intervals as plain text and times as RFC 3339 in UTC; Parquet keeps
    DECIMAL and TIMESTAMPTZ. A relation that a publication of earlier code lacks is left out.
    UsageError when the folder cannot be made.
    """
    written = []
    make_named_folder(folder)
    limits = Limits(memory=_MEMORY, spill_folder=folder / ".spill.tmp")
    with os_errors_as_home_error(folder), open_reader(publication, limits) as con:
        for name in relations_of(con):
            for kind in ("ndjson", "parquet"):
                written.append(folder / f"{name}.{kind}")
                try:
                    write_relation(con, name, kind, written[-1])
                except duckdb.Error as error:
                    raise HomeError(f"{written[-1]} cannot be written: {error}") from error
    return written


def relations_of(con: Connection) -> list[str]:
    """Return the relations of the contract that a publication has, in the order of the contract."""
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    return [name for name in RELATIONS if (name,) in views]


def write_relation(con: Connection, name: str, kind: str, path: Path) -> None:
    """Write one published relation, ordered by its key, as `parquet`, `ndjson` or `csv`.

    CSV holds what NDJSON holds; a list is JSON in its cell, and unknown is an empty cell.
    """
    key = [ColumnExpression(column) for column in RELATIONS[name]]
    relation = con.view(name).sort(*key)
    if kind == "parquet":
        relation.write_parquet(str(path), compression="zstd")
    elif kind == "ndjson":
        with path.open("wb") as file:
            for frame in _batches(as_text(relation)):
                frame.write_ndjson(file)
    elif kind == "csv":
        with path.open("wb") as file:
            for place, frame in enumerate(_batches(lists_as_json(as_text(relation)))):
                frame.write_csv(file, include_header=place == 0)
    else:
        raise ValueError(f"{kind} is no kind of export")


def _batches(relation: duckdb.DuckDBPyRelation) -> Iterator[pl.DataFrame]:
    """Yield the rows in order, in frames; of no rows one frame with the columns alone."""
    import polars as pl  # a query of the command line needs none of it

    reader = relation.to_arrow_reader(_BATCH_ROWS)
    empty = True
    for batch in reader:
        empty = False
        yield pl.DataFrame(batch)
    if empty:
        yield pl.DataFrame(reader.schema.empty_table())


def lists_as_json(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the relation with lists, structs and maps as JSON text, the rest as it is."""
    return relation.select(
        *(
            FunctionExpression("to_json", ColumnExpression(name)).cast("VARCHAR").alias(name)
            if any(mark in str(kind) for mark in ("[", "STRUCT", "MAP"))
            else ColumnExpression(name)
            for name, kind in zip(relation.columns, relation.types, strict=True)
        )
    )


def as_text(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Return the relation with money, dates, times and intervals as text, the rest as it is.

    Lists and structs stay as they are, whatever they hold.
    """
    return relation.select(
        *(
            _text(name, str(kind))
            for name, kind in zip(relation.columns, relation.types, strict=True)
        )
    )


def _text(name: str, kind: str) -> Expression:
    column = ColumnExpression(name)
    if kind.endswith("]"):
        return column
    if kind.startswith("DECIMAL") or kind in {"INTERVAL", "DATE", "TIME", "BLOB", "BIT"}:
        return column.cast("VARCHAR").alias(name)
    if kind.startswith("TIMESTAMP"):
        return FunctionExpression("strftime", column, ConstantExpression(ISO)).alias(name)
    return column
