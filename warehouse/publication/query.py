"""Run a reader's own SQL on a publication."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import duckdb

from schemas.errors import UsageError
from warehouse.connect import Connection, open_reader
from warehouse.publication.export import ISO, as_text
from warehouse.publication.fit_table import fitting_columns
from warehouse.rows import named_rows
from warehouse.statements import statement
from warehouse.storage.files import os_errors_as_home_error

_CUT = re.compile(r"columns \([0-9]+ shown\)")
"""What DuckDB draws under a table that is wider than the terminal: it leaves out the middle."""
DUCKDB_WIDTH = 120
"""The columns of a table where there is no terminal; DuckDB takes as many for its own."""
MAX_TABLE_ROWS = 200
"""The most rows that a table for a terminal shows; DuckDB's own 20 cut a list of columns short."""
_BATCH_ROWS = 2_000
"""Rows that are Python values at the same time: a query may return every row of a relation."""


def rows(publication: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of one of our own statements as Python values, money as Decimal."""
    with open_reader(publication) as con:
        return named_rows(con.execute(query))


def macros(con: Connection) -> list[dict[str, Any]]:
    """Return name, parameters and comment of each macro of a publication."""
    return named_rows(con.execute(statement("read_macros")))


def query_text(publication: Path, query: str, *, width: int | None = None) -> str:
    """Return a query's rows as a table of `width` columns, by default those of the terminal.

    UsageError with DuckDB's message.
    """
    with open_reader(publication) as con:
        return table(con, query, width=width)


def table(con: Connection, query: str, *, width: int | None = None) -> str:
    """Return a query's rows as a table, on a connection that stays open; width, errors as above."""
    width = width or shutil.get_terminal_size((DUCKDB_WIDTH, 40)).columns
    with _as_usage_error():
        relation = con.sql(_not_empty(query))
        if relation is None:
            return ""
        whole = _drawn(relation, width)
        if not _CUT.search(whole):
            return whole
        return _fitted(relation, width)


def _fitted(relation: duckdb.DuckDBPyRelation, width: int) -> str:
    """Return the important columns as a table, and the names of those that are left out."""
    names, kinds = relation.columns, [str(kind) for kind in relation.types]
    rows = relation.limit(MAX_TABLE_ROWS).fetchall()
    chosen, empty = fitting_columns(names, kinds, rows, width)
    left_out = [n for i, n in enumerate(names) if i not in chosen and i not in empty]
    lines = [_drawn(relation.project(", ".join(_quoted(names[i]) for i in chosen)), width + 1)]
    if empty:
        lines.append(f"without a value: {', '.join(names[i] for i in empty)}")
    if left_out:
        lines.append(f"left out here, in --format csv or json: {', '.join(left_out)}")
    return "\n".join(lines)


def _drawn(relation: duckdb.DuckDBPyRelation, width: int) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        relation.show(max_rows=MAX_TABLE_ROWS, max_width=width)
    return printed.getvalue().rstrip("\n")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def query_json(publication: Path, query: str) -> str:
    """Return a query's rows as `write_json` writes them."""
    text = io.StringIO()
    write_json(publication, query, text)
    return text.getvalue()


def write_json(publication: Path, query: str, out: IO[str]) -> None:
    """Write a query's rows as a JSON array; decimals and times are text, as in an export."""
    with _open_rows(publication, query) as (names, batches):
        before = "["
        for row in (row for batch in batches for row in batch):
            values = dict(zip(names, row, strict=True))
            out.write(before + json.dumps(values, ensure_ascii=False, separators=(",", ":")))
            before = ","
        out.write("[]" if before == "[" else "]")


def write_csv(publication: Path, query: str, out: IO[str]) -> None:
    """Write a query's rows as CSV with a header; a list is JSON in its cell, NULL is empty."""
    lines = csv.writer(out, lineterminator="\n")
    with _open_rows(publication, query) as (names, batches):
        lines.writerow(names)
        for batch in batches:
            lines.writerows([_cell(value) for value in row] for row in batch)


def query_parquet(publication: Path, query: str, file: Path) -> None:
    """Write a query's rows as Parquet, which keeps DECIMAL and TIMESTAMPTZ."""
    with open_reader(publication) as con, os_errors_as_home_error(file), _as_usage_error():
        relation = con.sql(_not_empty(query))
        if relation is None:
            raise UsageError("the query gives no rows; only rows can be written as Parquet")
        _named_once(relation).write_parquet(str(file), compression="zstd")


@contextmanager
def _open_rows(
    publication: Path, query: str
) -> Iterator[tuple[list[str], Iterator[list[list[Any]]]]]:
    """Run a query; yield its columns, and its rows in batches while DuckDB computes them."""
    with open_reader(publication) as con, _as_usage_error():
        relation = con.sql(_not_empty(query))
        if relation is None:
            yield [], iter(())
            return
        text = as_text(_named_once(relation))
        yield text.columns, _batches(text)


def _batches(relation: duckdb.DuckDBPyRelation) -> Iterator[list[list[Any]]]:
    while rows := relation.fetchmany(_BATCH_ROWS):
        yield [[_plain(value) for value in row] for row in rows]


def _named_once(relation: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    if len(set(relation.columns)) < len(relation.columns):
        raise UsageError("two columns of the query share a name; name each once, with AS")
    return relation


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _plain(value: Any) -> Any:
    """Return a value that JSON has a type for, also inside lists and structs."""
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
def _as_usage_error() -> Iterator[None]:
    """Turn DuckDB's error about a wrong query into a UsageError."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"the query cannot be run: {str(error).strip()}") from error
    except UnicodeEncodeError as error:
        raise UsageError("the query is not UTF-8 text") from error
