"""Put frames into the writer's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import polars as pl

from schemas.errors import WarehouseError
from warehouse.table_statements import insert_rows
from warehouse.tables import Table

SLICE_ROWS = 122_880
"""The rows of one of DuckDB's row groups: a whole one is compressed before the next is filled."""


class Sink(Protocol):
    """What rows are written through: a connection, or several at once."""

    def execute(self, query: str, parameters: object = ..., /) -> object:
        """Run a statement."""

    def register(self, name: str, frame: object, /) -> object:
        """Name an object that a statement reads."""

    def unregister(self, name: str, /) -> object:
        """Forget the name."""


def append(con: Sink, table: Table, fresh: pl.DataFrame) -> None:
    """Insert the rows of a frame by column name; a column that it lacks is NULL."""
    append_with(con, insert_rows(table), fresh)


def append_with(con: Sink, query: str, fresh: pl.DataFrame) -> None:
    """Run a statement that inserts the rows of the frame `fresh`, slice by slice.

    In slices, because rows that need a conversion are in memory twice on their way.
    """
    for part in fresh.iter_slices(SLICE_ROWS):
        if not part.is_empty():
            run_with_frames(con, query, fresh=part)


def run_with_frames(
    con: Sink,
    query: str,
    parameters: Mapping[str, object] | None = None,
    **frames: Streamed,
) -> None:
    """Run a statement that reads the given frames under their names, with bound parameters."""
    with registered(con, frames):
        con.execute(query, dict(parameters or {}))


@contextmanager
def registered(con: Sink, frames: Mapping[str, Streamed]) -> Iterator[None]:
    """Let statements read frames under their names, as temporary views, while the block runs."""
    scans = {name: _Scan(frame) for name, frame in frames.items()}
    for name, scan in scans.items():
        con.register(name, scan)
    try:
        yield
    finally:
        for name, scan in scans.items():
            con.unregister(name)
            scan.release()


class Streamed(Protocol):
    """A frame or a table of Arrow: what gives its rows as a stream as often as it is asked."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a stream of its rows."""


class _Scan:
    """A frame for DuckDB to read until it is released. Inside a transaction DuckDB keeps every
    object that was registered until the commit, so what it keeps must not be the frame."""

    def __init__(self, frame: Streamed) -> None:
        self._frame: Streamed | None = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        if self._frame is None:
            raise WarehouseError("a frame was read after it was released (internal error)")
        return self._frame.__arrow_c_stream__(requested_schema)

    def release(self) -> None:
        """Drop the frame, so that its memory is free before the commit."""
        self._frame = None
