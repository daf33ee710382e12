"""Keep what one odd row breaks to that row: it is rejected, and the traceback goes to the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import msgspec
import polars as pl

from schemas.errors import PricehouseError
from schemas.failures import ANY_ERROR, kind_of, traceback_text

UNREADABLE_ENTRY = "entry:unreadable"
"""Reason of a row that our code raised an error about."""
MAX_KINDS = 20
"""Kinds of errors of one feed that are kept with a traceback, however many there are."""
_PASS = (PricehouseError, MemoryError)
"""Errors that are not about one row."""

Row = TypeVar("Row")


class EntryLocation(NamedTuple):
    """Where an entry is in an answer, and its verbatim text."""

    payload_hash: str
    path: str
    raw: msgspec.Raw
    name: str | None = None
    """Its key, where entries are the values of an object."""


@dataclass(frozen=True)
class RowFailure:
    """One kind of error that rows were rejected for; `path` is that of the first such row."""

    kind: str
    rows: int
    path: str
    traceback: str


@dataclass
class RowFence:
    """Call code for each row, and reject the rows that it raises an error about.

    A good row costs no more than the call. Errors of pricehouse and a lack of memory pass.
    """

    _failures: dict[str, RowFailure] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[RowFailure, ...]:
        """The kinds of errors so far, in the order of their first row."""
        return tuple(self._failures.values())

    def each(
        self,
        entries: Iterable[EntryLocation],
        read: Callable[[EntryLocation], None],
        reject: Callable[[EntryLocation], None],
    ) -> None:
        """Read every entry; `reject` gets each one that `read` raises an error about."""
        for entry in entries:
            try:
                read(entry)
            except _PASS:
                raise
            except ANY_ERROR as error:
                self._keep(error, entry.path)
                reject(entry)

    def frame(
        self,
        rows: list[Row],
        build: Callable[[list[Row]], pl.DataFrame],
        reject: Callable[[Row], str],
    ) -> pl.DataFrame:
        """Build a frame of the rows that fit in it.

        `reject` gets each other row and returns its path. Only rows that cannot be built together
        are built in halves.
        """
        try:
            return build(rows)
        except _PASS:
            raise
        except ANY_ERROR as error:
            if not rows:
                raise
            if len(rows) == 1:
                self._keep(error, reject(rows[0]))
                return build([])
        half = len(rows) // 2
        parts = (rows[:half], rows[half:])
        return pl.concat([self.frame(part, build, reject) for part in parts])

    def _keep(self, error: BaseException, path: str) -> None:
        kind = kind_of(error)
        if (known := self._failures.get(kind)) is not None:
            self._failures[kind] = replace(known, rows=known.rows + 1)
        elif len(self._failures) < MAX_KINDS:
            self._failures[kind] = RowFailure(kind, 1, path, traceback_text(error))


def text_field(raw: msgspec.Raw | bytes, name: str) -> str | None:
    """Return a text field of an object that could not be read, None where even that fails."""
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        return msgspec.json.decode(fields[name], type=str)
    except ANY_ERROR:
        return None
