"""Find and open the newest publication, which readers see; never the writer's file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import HomeError, UsageError
from warehouse.connect import Connection, open_reader
from warehouse.storage.home import Home


def newest(home: Home) -> Path:
    """Return the file that the link leads to; UsageError before the first publication.

    The name is resolved each time: when a process opens the link's own name twice, DuckDB returns
    the file that is open already, however stale.
    """
    if not home.link.is_symlink():
        raise UsageError(f"{home.root} has no publication yet; run `pricehouse ingest`")
    path = home.link.resolve()
    if not path.exists():
        raise HomeError(
            f"{home.link} leads to {path.name}, which is gone; the next run publishes again"
        )
    return path


@contextmanager
def open_newest(home: Home) -> Iterator[Connection]:
    """Open the newest publication read-only."""
    with open_reader(newest(home)) as con:
        yield con
