"""Open what readers see: the newest publication, never the writer's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from warehouse.connect import Connection, open_reader
from warehouse.home import Home
from warehouse.newest import newest
from warehouse.relations import RELATIONS
from warehouse.shelf import Reading, Shelf

__all__ = ["RELATIONS", "Reading", "Shelf", "newest", "open_newest"]


@contextmanager
def open_newest(home: Home) -> Iterator[Connection]:
    """Open the newest publication read-only."""
    with open_reader(newest(home)) as con:
        yield con
