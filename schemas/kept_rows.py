"""Rows of landed pages that an earlier run parsed, so that the same bytes are not parsed again.

Nothing depends on them: without them a page is parsed, and its rows are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
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
