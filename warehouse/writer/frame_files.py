"""Frames of a run on disk, while they are too large to be held together in memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from warehouse.storage.files import make_folder, os_errors_as_home_error
from warehouse.storage.home import Home
from warehouse.writer.staging_file import ROWS


@dataclass(frozen=True)
class FrameFiles:
    """A folder of the home's staged rows; implements `FrameStore`."""

    folder: Path
    part_rows: int

    @staticmethod
    def of(home: Home, name: str, *, part_rows: int) -> FrameFiles:
        """Return a folder that is made when frames are put there, without what was in it."""
        folder = home.root / ROWS / name
        with os_errors_as_home_error(folder):
            if folder.exists():
                shutil.rmtree(folder)
        return FrameFiles(folder, part_rows)

    def put(self, *frames: pl.DataFrame) -> _FrameFile:
        """Write frames."""
        make_folder(self.folder)
        with os_errors_as_home_error(self.folder):
            number = len(list(self.folder.iterdir()))
            paths = [self.folder / f"{number + place}.arrow" for place in range(len(frames))]
            for path, frame in zip(paths, frames, strict=True):
                with path.open("wb") as file:
                    frame.write_ipc(file, compression="lz4")
        return _FrameFile(tuple(paths))


@dataclass(frozen=True)
class _FrameFile:
    paths: tuple[Path, ...]

    def read(self) -> list[pl.DataFrame]:
        """Return the frames."""
        found = []
        for path in self.paths:
            with os_errors_as_home_error(path):
                found.append(pl.read_ipc(path))
        return found


def discard_staged_rows(home: Home) -> None:
    """Remove the folder of staged rows, if there is one; the caller holds the home's lock."""
    folder = home.root / ROWS
    with os_errors_as_home_error(folder):
        if folder.exists():
            shutil.rmtree(folder)
