"""Run a reader's own SQL on a publication."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from schemas.errors import UsageError
from warehouse.connect import open_reader
from warehouse.export import ISO, as_text

SHOWN_ROWS = 200
"""The most rows that a table for a terminal shows; DuckDB's own 20 cut a list of columns short."""


def rows(publication: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of one of our own statements as Python values, money as Decimal."""
    with open_reader(publication) as con:
        relation = con.sql(query)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def query_text(publication: Path, query: str) -> str:
    """Return a query's rows as a table for a terminal; UsageError with DuckDB's words if wrong."""
    with open_reader(publication) as con, _asking():
        relation = con.sql(_not_empty(query))
        if relation is None:
            return ""
        with redirect_stdout(io.StringIO()) as shown:
            relation.show(max_rows=SHOWN_ROWS)
        return shown.getvalue().rstrip("\n")


def query_json(publication: Path, query: str) -> str:
    """Return a query's rows as a JSON array; decimals and times are text, as in an export."""
    with open_reader(publication) as con, _asking():
        relation = con.sql(_not_empty(query))
        if relation is None:
            return "[]"
        if len(set(relation.columns)) < len(relation.columns):
            raise UsageError("two columns of the query share a name; name each once, with AS")
        told = as_text(relation)
        found = [dict(zip(told.columns, map(_plain, row), strict=True)) for row in told.fetchall()]
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any) -> Any:
    """Return what JSON has a word for, also inside lists and structs."""
    match value:
        case dict():
            return {str(_plain(key)): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return f"{value:f}"
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).strftime(ISO)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)


def _not_empty(query: str) -> str:
    if not query.strip():
        raise UsageError("the query is empty")
    return query


@contextmanager
def _asking() -> Iterator[None]:
    """Turn what DuckDB says of a wrong query into a usage error."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"the query cannot be run: {str(error).strip()}") from error
    except UnicodeEncodeError as error:
        raise UsageError("the query is not UTF-8 text") from error
