"""Write a run into two databases at once: the file, and the shared warehouse that records it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.load import Load
from warehouse.connect import Connection
from warehouse.tables import Table


class RunRecorder(Protocol):
    """A shared warehouse that records a run before the file does; it takes the same statements.

    What it writes is in a transaction of its own.
    """

    def begin(self) -> None:
        """Begin the transaction."""

    def execute(self, query: str, parameters: object = ..., /) -> object:
        """Run a statement in the transaction."""

    def register(self, name: str, frame: object, /) -> object:
        """Name an object that a statement reads."""

    def unregister(self, name: str, /) -> object:
        """Forget the name."""

    def commit(self, load: Load, changed: Sequence[Table], file: Connection) -> None:
        """Commit, if it now holds what the file does; WarehouseError, with nothing written."""

    def roll_back(self) -> None:
        """Leave the transaction, whose connection may be gone."""


@dataclass(frozen=True)
class Tee:
    """Runs each statement in the file and in a shared warehouse, so that a frame which both took
    can be dropped."""

    file: Connection
    recorder: RunRecorder

    def execute(self, query: str, parameters: object = None, /) -> object:
        """Run a statement in both."""
        self.recorder.execute(query, parameters or {})
        return self.file.execute(query, parameters or {})

    def register(self, name: str, frame: object, /) -> object:
        """Name an object in both."""
        self.recorder.register(name, frame)
        return self.file.register(name, frame)

    def unregister(self, name: str, /) -> object:
        """Forget the name in both."""
        self.recorder.unregister(name)
        return self.file.unregister(name)
