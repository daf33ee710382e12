"""Read the models of one page, in columns where they are all as known, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import polars as pl

from schemas.contract import Contract
from schemas.kept_rows import ChunkRows
from schemas.offerings import MODELS, OFFERINGS
from transforms.parsing.collector import Collector
from transforms.parsing.columns import Chunk, chunks, read_columns
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page


class PageReader:
    """Read pages of a feed into its collector.

    `at_once` models are read in columns at a time, 0 reads one by one; `path` is that of their
    array.
    """

    def __init__(
        self,
        out: Collector,
        in_columns: Callable[[Chunk, bytes], ChunkRows | None],
        *,
        path: str,
        at_once: int,
    ) -> None:
        self._out = out
        self._in_columns = in_columns
        self._path = path
        self._at_once = at_once

    def take_kept(self, page: Page, spellings: set[str]) -> bool:
        """Add the rows that an earlier run made of the same bytes; False when there are none.

        `spellings` are the ids of the walk, in lower case; a page with a repeat is read again.
        """
        kept = page.kept.get(page.payload_hash) if self._at_once else None
        if kept is None:
            return False
        rows = [
            own._replace(
                offerings=_with_nulls(own.offerings, OFFERINGS),
                models=_with_nulls(own.models, MODELS),
            )
            for own in kept
        ]
        return self._out.add(rows, spellings)

    def read(
        self,
        page: Page,
        models: Sequence[msgspec.Raw],
        spellings: set[str],
        read_model: Callable[[EntryLocation], None],
    ) -> None:
        """Read the models of a page, and keep its rows if all of them are as known."""
        found: list[ChunkRows] = []
        for chunk in chunks(page.payload_hash, models, self._at_once):
            rows = read_columns(chunk, self._in_columns) if self._at_once else None
            if rows is not None and self._out.add([rows], spellings):
                found.append(rows)
            else:
                self._out.read_models(chunk.locations(self._path), read_model)
        if sum(len(rows.spellings) for rows in found) == len(models):
            slim = [
                own._replace(
                    offerings=_without_nulls(own.offerings), models=_without_nulls(own.models)
                )
                for own in found
            ]
            page.kept.put(page.payload_hash, slim)


def _without_nulls(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame without its columns that have no value: read back, they would take memory."""
    return pl.DataFrame([own for own in frame if own.null_count() < len(own)])


def _with_nulls(frame: pl.DataFrame, shape: Contract) -> pl.DataFrame:
    return pl.DataFrame(
        [
            frame[name]
            if name in frame.columns
            else pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height)
            for name, dtype in shape.dtypes.items()
        ]
    )
