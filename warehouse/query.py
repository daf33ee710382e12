"""Run a reader's own SQL on a publication."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from schemas.errors import UsageError
from warehouse.connect import Connection, open_reader
from warehouse.export import as_text, lists_as_json
from warehouse.files import telling


def rows(publication: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of one of our own statements as Python values, money as Decimal."""
    with open_reader(publication) as con:
        relation = con.sql(query)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def query_text(publication: Path, query: str) -> str:
    """Return a query's rows as a table for a terminal; UsageError with DuckDB's words if wrong."""
    with open_reader(publication) as con:
        return table(con, query)


def table(con: Connection, query: str) -> str:
    """Return a query's rows as a table, on a connection that stays open; errors as above."""
    with _asking():
        relation = con.sql(query)
        return "" if relation is None else str(relation)


def query_json(publication: Path, query: str) -> str:
    """Return a query's rows as a JSON array; decimals and times are text, as in an export."""
    with open_reader(publication) as con, _asking():
        relation = con.sql(query)
        return "[]" if relation is None else as_text(_named_once(relation)).pl().write_json()


def query_csv(publication: Path, query: str) -> str:
    """Return a query's rows as CSV with a header; a list is JSON in its cell, NULL is empty."""
    with open_reader(publication) as con, _asking():
        relation = con.sql(query)
        if relation is None:
            return ""
        return lists_as_json(as_text(_named_once(relation))).pl().write_csv()


def query_parquet(publication: Path, query: str, file: Path) -> None:
    """Write a query's rows as Parquet, which keeps DECIMAL and TIMESTAMPTZ."""
    with open_reader(publication) as con, telling(file), _asking():
        relation = con.sql(query)
        if relation is None:
            raise UsageError("the query gives no rows; only rows can be written as Parquet")
        _named_once(relation).write_parquet(str(file), compression="zstd")


def _named_once(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    if len(set(relation.columns)) < len(relation.columns):
        raise UsageError("two columns of the query share a name; name each once, with AS")
    return relation


@contextmanager
def _asking() -> Iterator[None]:
    """Turn what DuckDB says of a wrong query into a usage error."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"the query cannot be run: {str(error).strip()}") from error
