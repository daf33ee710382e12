"""Write a publication's relations as NDJSON and Parquet, the same bytes for the same facts."""

from __future__ import annotations

from pathlib import Path

import duckdb
from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression

from warehouse.connect import open_reader
from warehouse.files import make_named_folder, telling
from warehouse.relations import RELATIONS

ISO = "%Y-%m-%dT%H:%M:%S.%fZ"


def export(publication: Path, folder: Path) -> list[Path]:
    """Write `<relation>.ndjson` and `<relation>.parquet`, ordered by key; return the files.

    NDJSON has decimals and intervals as plain text and times as RFC 3339 in UTC; Parquet keeps
    DECIMAL and TIMESTAMPTZ. UsageError when the folder cannot be made.
    """
    written = []
    make_named_folder(folder)
    with telling(folder), open_reader(publication) as con:
        for name, key in RELATIONS.items():
            relation = con.view(name).sort(*(ColumnExpression(column) for column in key))
            parquet, ndjson = folder / f"{name}.parquet", folder / f"{name}.ndjson"
            relation.write_parquet(str(parquet), compression="zstd")
            as_text(relation).pl().write_ndjson(ndjson)
            written += [ndjson, parquet]
    return written


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
