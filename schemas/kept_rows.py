"""Rows of landed pages outside of memory: those that an earlier run parsed of the same bytes, and
those of a catalogue that is too large to be held at once.

No result depends on either: a page that is not kept is parsed, and rows that are not put aside stay
in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import polars as pl


class ChunkRows(NamedTuple):
    """What some models of a page state: OFFERINGS, MODELS, and the models' ids in lower case."""

    offerings: pl.DataFrame
    models: pl.DataFrame
    spellings: set[str]


class KeptRows(Protocol):
    """The parsed pages of one feed, by the sha256 of their bytes."""

    def get(self, payload_hash: str) -> Sequence[ChunkRows] | None:
        """Return the rows of a page in order; None: it has to be parsed."""

    def put(self, payload_hash: str, rows: Sequence[ChunkRows]) -> None:
        """Keep the rows of a page, if there is room for them."""


class _NothingKept:
    def get(self, payload_hash: str) -> None:
        del payload_hash

    def put(self, payload_hash: str, rows: Sequence[ChunkRows]) -> None:
        del payload_hash, rows


NOTHING_KEPT: KeptRows = _NothingKept()
"""Every page is parsed."""


class StoredFrames(Protocol):
    """Frames that wait on disk."""

    def read(self) -> list[pl.DataFrame]:
        """Return the frames, as often as they are needed."""


class FrameStore(Protocol):
    """Where frames wait that are too large to be held together."""

    @property
    def part_rows(self) -> int:
        """Rows from which on a part is put aside."""

    def put(self, *frames: pl.DataFrame) -> StoredFrames:
        """Put frames aside."""


@dataclass(frozen=True)
class _InMemory:
    part_rows: int = sys.maxsize

    def put(self, *frames: pl.DataFrame) -> StoredFrames:
        return FramesInMemory(frames)


@dataclass(frozen=True)
class FramesInMemory:
    """Frames that are not put aside; implements `StoredFrames`."""

    frames: Sequence[pl.DataFrame]

    def read(self) -> list[pl.DataFrame]:
        """Return the frames."""
        return list(self.frames)


IN_MEMORY: FrameStore = _InMemory()
"""Nothing is put aside."""
