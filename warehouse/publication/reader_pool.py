"""Publications for a process with many readers: each file is opened once, closed when unused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock, Timer
from typing import Any, TypeVar, cast

import duckdb
import polars as pl

from schemas.errors import PublicationGone, QueryTooSlow, WarehouseError
from schemas.proof import Continuation, Proof
from warehouse.connect import Connection, open_reader
from warehouse.publication.costs import read_costs, registered
from warehouse.publication.export import relations_of, write_relation
from warehouse.publication.newest import newest
from warehouse.publication.proof import read_continuation, read_proof
from warehouse.rows import named_rows, stream_rows
from warehouse.storage.home import Home

LIMIT_S = 10.0
"""Seconds that all statements of one reading may take together."""
_MOVES = 3  # tries: the link may move between resolving and opening it
Found = TypeVar("Found")
OpenFile = Callable[[Path], AbstractContextManager[Connection]]
"""Opens a published file read-only, until the block ends."""


class OpenPublication:
    """One open publication, its number of readers, and the values that were computed from it."""

    def __init__(self, path: Path, opened: OpenFile) -> None:
        self.path = path
        self.readers = 0
        self.kept: dict[object, Any] = {}
        self._resources = ExitStack()
        self.con: Connection = self._resources.enter_context(opened(path))
        try:
            # A cursor is a session of its own and starts from the global settings.
            self.con.execute("SET GLOBAL TimeZone = 'UTC'")
            self.facts = named_rows(self.con.execute("SELECT * FROM publication"))[0]
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._resources.close()


class Reading:
    """One reader's session in one publication: all its results are of the same moment."""

    def __init__(self, publication: OpenPublication, cursor: Connection) -> None:
        self._open_publication = publication
        self._cursor = cursor
        self._late = False

    def end_time(self) -> None:
        """Stop the statement that runs, and refuse any that would follow."""
        self._late = True
        self._cursor.interrupt()

    @property
    def publication(self) -> dict[str, Any]:
        """The row of `publication`."""
        return self._open_publication.facts

    def rows(self, query: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a statement with its named parameters bound.

        Money is Decimal, times are aware and UTC. QueryTooSlow when the reading's time is up.
        """
        with self._within_time():
            return named_rows(self._cursor.execute(query, dict(values or {})))

    def stream(self, query: str, values: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """Yield the rows of a statement without holding them all; errors and types as `rows`.

        Until the last row is read, the reading can run no other statement.
        """
        with self._within_time():
            yield from stream_rows(self._cursor.execute(query, dict(values)))

    def keep(self, key: object, make: Callable[[], Found]) -> Found:
        """Return what `make` gives for this publication, made once: no row of it ever changes."""
        kept = self._open_publication.kept
        if key not in kept:
            kept[key] = make()
        return cast("Found", kept[key])

    def proof(self, offer_id: str) -> Proof:
        """Return the proof of an offer's numbers; UsageError for an unknown id."""
        with self._within_time():
            return read_proof(self._cursor, offer_id)

    def continuation(self, offer_id: str) -> Continuation | None:
        """Return the offer that an id without a card continues as; None where there is none."""
        with self._within_time():
            return read_continuation(self._cursor, offer_id)

    def costs(
        self,
        usage: pl.DataFrame,
        *,
        known_at: datetime | None = None,
        default_route: bool = False,
        flat: bool = False,
    ) -> pl.DataFrame:
        """Return the costs of checked rows of usage as text, in their order (costs.py)."""
        with self._within_time(), registered(self._cursor, usage):
            with self._within_time():  # again: an interruption between two statements is lost
                found = read_costs(
                    self._cursor,
                    known_at=known_at,
                    default_route=default_route,
                    as_text=True,
                    flat=flat,
                )
            with self._within_time():
                return found

    def has_relation(self, name: str) -> bool:
        """Return whether the publication has a relation: one of earlier code lacks the newest."""
        return name in self.keep("relations", lambda: relations_of(self._cursor))

    def write(self, relation: str, kind: str, path: Path) -> None:
        """Write a published relation as `parquet`, `ndjson` or `csv`, ordered by its key."""
        write_relation(self._cursor, relation, kind, path)

    @contextmanager
    def _within_time(self) -> Iterator[None]:
        try:
            if self._late:  # the time ended between two statements, where nothing is interrupted
                raise duckdb.InterruptException("late")
            yield
        except duckdb.InterruptException as error:
            raise QueryTooSlow("the query took longer than is allowed; ask for less") from error


class PublicationPool:
    """The publications of a home; each reading begins where the link leads at that moment."""

    def __init__(
        self, home: Home, *, limit_s: float = LIMIT_S, opened: OpenFile = open_reader
    ) -> None:
        self.home = home
        self._opened = opened
        self._limit_s = limit_s
        self._lock = Lock()
        self._open: dict[Path, OpenPublication] = {}

    @contextmanager
    def reading(
        self, publication_id: str | None = None, *, limited: bool = True
    ) -> Iterator[Reading]:
        """Open a reading of the newest publication, or of one that a cursor names.

        UsageError before the first publication, PublicationGone for one no longer kept. With
        `limited` false there is no limit of time, for whole relations.
        """
        publication = self._acquire(publication_id)
        cursor = publication.con.cursor()
        reading = Reading(publication, cursor)
        timer = Timer(self._limit_s, reading.end_time) if limited else None
        try:
            if timer:
                timer.daemon = True
                timer.start()
            yield reading
        except (duckdb.FatalException, duckdb.InternalException):
            self._forget(publication)
            raise
        finally:
            if timer:
                timer.cancel()
            cursor.close()
            self._release(publication)

    def close(self) -> None:
        """Close every file; no reading may be open."""
        with self._lock:
            for publication in self._open.values():
                publication.close()
            self._open.clear()

    def _acquire(self, publication_id: str | None) -> OpenPublication:
        with self._lock:
            for attempt in range(_MOVES):
                path = self._path(publication_id)
                try:
                    publication = self._open.get(path) or OpenPublication(path, self._opened)
                    break
                except WarehouseError:
                    # The link may have moved, and the file may be gone, since we resolved it.
                    if attempt == _MOVES - 1 or self._path(publication_id) == path:
                        raise
            self._open[path] = publication
            publication.readers += 1
            self._close_unused(but=path)
            return publication

    def _forget(self, publication: OpenPublication) -> None:
        """Open the file anew for the next reading: DuckDB refuses all statements after a fault."""
        with self._lock:
            if self._open.get(publication.path) is publication:
                del self._open[publication.path]

    def _release(self, publication: OpenPublication) -> None:
        with self._lock:
            publication.readers -= 1
            if publication.readers == 0 and self._open.get(publication.path) is not publication:
                publication.close()
            elif publication.readers == 0 and publication.path != self._newest_path():
                self._close_unused(but=self._newest_path())

    def _close_unused(self, *, but: Path | None) -> None:
        for path, publication in list(self._open.items()):
            if path != but and path != self._newest_path() and publication.readers == 0:
                publication.close()
                del self._open[path]

    def _newest_path(self) -> Path | None:
        return self.home.link.resolve() if self.home.link.is_symlink() else None

    def _path(self, publication_id: str | None) -> Path:
        if publication_id is None:
            return newest(self.home)
        # Compared with the existing names: what a client sent never becomes a path.
        for path in self.home.published.glob("marketplace-*.duckdb"):
            if path.name == f"marketplace-{publication_id}.duckdb":
                return path.resolve()
        raise PublicationGone(f"publication {publication_id} is no longer kept here")
