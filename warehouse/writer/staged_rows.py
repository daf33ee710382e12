"""Rows of a large run on disk, until one transaction writes them.

A run that is reconciled part by part stages what each part adds. Rows of logs are numbered in the
order of their offers, so they are staged by the first digit of the offer's id: the rows of one
digit, of all parts, are sorted in memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from schemas.delta import CURRENT, Delta, Diff
from schemas.state import SERIES
from warehouse.storage.files import make_folder, os_errors_as_home_error
from warehouse.storage.home import Home
from warehouse.tables import Kind, tables_of
from warehouse.writer.staging_file import ROWS

_ORDER: dict[str, tuple[str, ...]] = {
    "claim_log": (*SERIES, "feed"),
    "price_log": SERIES,
    "status_log": ("offer_id",),
    "speed_log": ("offer_id",),
    "changes": (*SERIES, "inference_provider"),
}
"""Log → by which columns its rows are ordered, of changes within each kind of event."""


class StagedDelta:
    """The rows that the parts of a run add to tables, in files of a folder of the home."""

    def __init__(self, home: Home) -> None:
        """Make the folder, without what a killed run left in it."""
        self._folder = home.root / ROWS / "changes"
        with os_errors_as_home_error(self._folder):
            if self._folder.exists():
                shutil.rmtree(self._folder)
        make_folder(self._folder)
        self._files: dict[tuple[str, str], list[Path]] = {}
        """(part of a delta, group of its rows) → the files with these rows."""

    def add(self, delta: Delta) -> Delta:
        """Stage what a part adds; return its delta without these rows, holds and findings.

        ValueError when the part changes or removes a row: a first run has none to change.
        """
        left: dict[str, Any] = {}
        for table in tables_of(Kind.CURRENT):
            rows: Diff = getattr(delta, table.part)
            if not rows.stale.is_empty():
                raise ValueError(f"{table.part}: a part of a first run changes stored rows")
            if table.part != "providers":  # they are the same in each part
                self._write(table.part, "", rows.added)
                left[table.part] = Diff(rows.added.clear(), rows.changed, rows.removed)
        for table in tables_of(Kind.LOG):
            log: pl.DataFrame = getattr(delta, table.part)
            for group, rows_of_group in _groups(log):
                self._write(table.part, group, rows_of_group)
            left[table.part] = log.clear()
        left["holds"] = delta.holds.clear()
        found = {each.name: getattr(delta.found, each.name).clear() for each in fields(delta.found)}
        return replace(delta, **left, found=replace(delta.found, **found))

    def frames(self, part: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of a part of the delta; those of a log are sorted."""
        for group in sorted(group for name, group in self._files if name == part):
            files = self._files[part, group]
            if part in CURRENT:
                yield from map(_read, files)
            else:
                rows = pl.concat([_read(path) for path in files])
                yield rows.sort(_ORDER[part], nulls_last=False, maintain_order=True)

    def _write(self, part: str, group: str, rows: pl.DataFrame) -> None:
        if rows.is_empty():
            return
        files = self._files.setdefault((part, group), [])
        path = self._folder / f"{sum(map(len, self._files.values()))}.arrow"
        with os_errors_as_home_error(path), path.open("wb") as file:
            rows.write_ipc(file)
        files.append(path)


def _groups(log: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield the rows of a log in groups, whose names are in the order of the log."""
    event = pl.col("event") if "event" in log.columns else pl.lit("")
    first = pl.col("offer_id").str.head(1).fill_null("")
    named = log.with_columns(_group=pl.format("{} {}", event, first))
    parts = named.partition_by("_group", as_dict=True, include_key=False, maintain_order=True)
    for (group,), rows in parts.items():
        yield str(group), rows


def _read(path: Path) -> pl.DataFrame:
    with os_errors_as_home_error(path):
        return pl.read_ipc(path)
