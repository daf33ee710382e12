"""Publications for a process with many readers: each file is opened once, closed when unused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Timer
from typing import Any, TypeVar, cast

import duckdb

from schemas.errors import PublicationGone, QueryTooSlow, WarehouseError
from schemas.proof import Proof
from warehouse.connect import Connection, open_reader
from warehouse.publication.export import write_relation
from warehouse.publication.newest import newest
from warehouse.publication.proof import read_proof
from warehouse.storage.home import Home

LIMIT_S = 10.0
"""Seconds that all statements of one reading may take together."""
_MOVES = 3  # a link may move between looking and opening; more often than this it does not
Found = TypeVar("Found")


class OpenPublication:
    """One open publication, how many read in it, and what was once worked out from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.readers = 0
        self.kept: dict[object, Any] = {}
        self._open = ExitStack()
        self.con: Connection = self._open.enter_context(open_reader(path))
        try:
            # A cursor is a session of its own and starts from the global settings.
            self.con.execute("SET GLOBAL TimeZone = 'UTC'")
            row = self.con.sql("SELECT * FROM publication")
            self.facts = dict(zip(row.columns, _told(row.fetchall()[0]), strict=True))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._open.close()


class Reading:
    """One reader's look into one publication: every answer from it is of the same moment."""

    def __init__(self, book: OpenPublication, cursor: Connection) -> None:
        self._book = book
        self._cursor = cursor
        self._late = False

    def end_time(self) -> None:
        """Stop the statement that runs, and refuse any that would follow."""
        self._late = True
        self._cursor.interrupt()

    @property
    def publication(self) -> dict[str, Any]:
        """The row of `publication`."""
        return self._book.facts

    def rows(self, query: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Return the rows of a statement with its named parameters bound.

        Money is Decimal, times are aware and UTC. QueryTooSlow when the reading's time is up.
        """
        with self._asking():
            found = self._cursor.execute(query, dict(values or {}))
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, _told(row), strict=True)) for row in found.fetchall()]

    def keep(self, key: object, make: Callable[[], Found]) -> Found:
        """Return what `make` gives for this publication, made once: no row of it ever changes."""
        kept = self._book.kept
        if key not in kept:
            kept[key] = make()
        return cast("Found", kept[key])

    def proof(self, offer_id: str) -> Proof:
        """Return what stands behind an offer's numbers; UsageError for an id that never was."""
        with self._asking():
            return read_proof(self._cursor, offer_id)

    def write(self, relation: str, kind: str, path: Path) -> None:
        """Write a published relation as `parquet`, `ndjson` or `csv`, ordered by its key."""
        write_relation(self._cursor, relation, kind, path)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            if self._late:  # it came between two statements, where nothing is interrupted
                raise duckdb.InterruptException("late")
            yield
        except duckdb.InterruptException as error:
            raise QueryTooSlow("the answer took longer than is allowed; ask for less") from error


class PublicationPool:
    """The publications of a home; looks where the link leads before each reading."""

    def __init__(self, home: Home, *, limit_s: float = LIMIT_S) -> None:
        self.home = home
        self._limit_s = limit_s
        self._lock = Lock()
        self._books: dict[Path, OpenPublication] = {}

    @contextmanager
    def reading(
        self, publication_id: str | None = None, *, limited: bool = True
    ) -> Iterator[Reading]:
        """Open a reading of the newest publication, or of one that a cursor names.

        UsageError before the first publication, PublicationGone for one no longer kept. With
        `limited` false there is no limit of time, for whole relations.
        """
        book = self._take(publication_id)
        cursor = book.con.cursor()
        reading = Reading(book, cursor)
        timer = Timer(self._limit_s, reading.end_time) if limited else None
        try:
            if timer:
                timer.daemon = True
                timer.start()
            yield reading
        finally:
            if timer:
                timer.cancel()
            cursor.close()
            self._give_back(book)

    def close(self) -> None:
        """Close every file; no reading may be open."""
        with self._lock:
            for book in self._books.values():
                book.close()
            self._books.clear()

    def _take(self, publication_id: str | None) -> OpenPublication:
        with self._lock:
            for attempt in range(_MOVES):
                path = self._path(publication_id)
                try:
                    book = self._books.get(path) or OpenPublication(path)
                    break
                except WarehouseError:
                    # The link may have moved on, and the file with it, while we looked.
                    if attempt == _MOVES - 1 or self._path(publication_id) == path:
                        raise
            self._books[path] = book
            book.readers += 1
            self._close_unread(but=path)
            return book

    def _give_back(self, book: OpenPublication) -> None:
        with self._lock:
            book.readers -= 1
            if book.readers == 0 and book.path != self._newest_path():
                self._close_unread(but=self._newest_path())

    def _close_unread(self, *, but: Path | None) -> None:
        for path, book in list(self._books.items()):
            if path != but and path != self._newest_path() and book.readers == 0:
                book.close()
                del self._books[path]

    def _newest_path(self) -> Path | None:
        return self.home.link.resolve() if self.home.link.is_symlink() else None

    def _path(self, publication_id: str | None) -> Path:
        if publication_id is None:
            return newest(self.home)
        # Compared with the names that are there: what a stranger sent never becomes a path.
        for path in self.home.published.glob("marketplace-*.duckdb"):
            if path.name == f"marketplace-{publication_id}.duckdb":
                return path.resolve()
        raise PublicationGone(f"publication {publication_id} is no longer kept here")


def _told(row: tuple[Any, ...]) -> list[Any]:
    return [v.astimezone(UTC) if isinstance(v, datetime) else v for v in row]
