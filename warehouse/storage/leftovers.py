"""What killed processes left: half-written files that no process will finish."""

from __future__ import annotations

import shutil
from pathlib import Path

from warehouse.storage.files import os_errors_as_home_error
from warehouse.storage.home import Home
from warehouse.writer.staging_file import FOLDER, ROWS, SCRATCH


def find_leftovers(home: Home) -> list[Path]:
    """Return staged files and spilled rows of writers that died; the caller holds the lock.

    In the home's root only names of our own: other programs may keep files there.
    """
    root = home.root
    with os_errors_as_home_error(root):
        return sorted(
            {
                *root.glob(".home.json.*.tmp"),
                *root.glob(f".{home.link.name}.*.tmp"),
                *root.glob(FOLDER),
                *root.glob(SCRATCH),
                *root.glob(ROWS),
                *root.glob(".restore.tmp"),
                *root.glob(f"{home.warehouse.name}.tmp"),  # where a writer spills
                *root.glob(f"{home.warehouse.name}.*.tmp"),  # where those who read it spill
                *_spilled_by_readers(home),
                *home.published.glob(".*.tmp"),  # a staged file is in such a folder
                *home.metrics.parent.glob(".*.tmp"),
                *home.landing.glob("runs/*/.*.tmp"),
                *home.landing.glob("runs/.*.tmp"),
                *home.landing.glob("days/.*.tmp"),
                *home.landing.glob("objects/*/.*.tmp"),
                *home.landing.glob("checkpoints/.*.tmp"),
            }
        )


def _spilled_by_readers(home: Home) -> list[Path]:
    """Return where readers of a publication spilled that is gone; others may be reading yet."""
    spilled = home.published.glob("*.duckdb*.tmp")
    return [p for p in spilled if not p.with_name(f"{p.name.partition('.')[0]}.duckdb").exists()]


def bytes_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    paths = path.rglob("*") if path.is_dir() and not path.is_symlink() else [path]
    return sum(file.lstat().st_size for file in paths)


def remove_path(path: Path) -> None:
    """Remove a file, or a folder with all its files."""
    with os_errors_as_home_error(path):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
