"""Rows of a query as Python values, with every time in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from warehouse.connect import Connection

_BATCH = 2_000


def named_rows(cursor: Connection) -> list[dict[str, Any]]:
    """Return the rows of the query that a connection ran last, each by column name."""
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, in_utc(row), strict=True)) for row in cursor.fetchall()]


def stream_rows(cursor: Connection) -> Iterator[dict[str, Any]]:
    """Yield the rows of the query that a connection ran last, each by column name."""
    names = [column[0] for column in cursor.description or []]
    while rows := cursor.fetchmany(_BATCH):
        for row in rows:
            yield dict(zip(names, in_utc(row), strict=True))


def in_utc(row: Iterable[Any]) -> list[Any]:
    """Return the values with times in UTC: DuckDB returns them with a zone object of its own."""
    return [value.astimezone(UTC) if isinstance(value, datetime) else value for value in row]
