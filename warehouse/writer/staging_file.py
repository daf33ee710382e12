"""A new database file, made in a folder of its own and put in place in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import WarehouseError
from warehouse.connect import open_reader
from warehouse.statements import statement
from warehouse.storage.files import make_folder, os_errors_as_home_error, sync_folder
from warehouse.storage.home import Home
from warehouse.writer.state import read_last_run

FOLDER = ".draft.tmp"
SCRATCH = ".scratch.tmp"
"""For a warehouse that is made beside the home's own while other staged files come and go."""
ROWS = ".rows.tmp"
"""For the rows of a run that wait for its transaction."""


@contextmanager
def staged_database(folder: Path, name: str, *, inside: str = FOLDER) -> Iterator[Path]:
    """Yield the path of a file to make, in a folder of its own inside `folder`, so on its disk.

    That folder is removed before and after with all its files: a database leaves a log and
    spilled rows beside its file, and a log that a kill left keeps the next file of that name from
    opening. The caller holds the home's lock.
    """
    staging_folder = folder / inside
    with os_errors_as_home_error(staging_folder):
        if staging_folder.exists():
            shutil.rmtree(staging_folder)
        make_folder(staging_folder)
        try:
            yield staging_folder / name
        finally:
            shutil.rmtree(staging_folder, ignore_errors=True)


def require_warehouse(path: Path, *, run_id: str, sequence: int) -> None:
    """Raise WarehouseError unless this is a whole warehouse that ends with this run."""
    with open_reader(path) as con:
        last = read_last_run(con)
        row = con.execute(statement("verify_publication")).fetchone()
    if last is None or row is None or (last.run_id, last.sequence) != (run_id, sequence):
        raise WarehouseError(f"{path} ends with run {last and last.run_id}, not {run_id}")
    if row[0] != run_id or row[1] != row[2]:
        raise WarehouseError(f"{path} shows {row[1]} cards of {row[2]} present offers")


def replace_warehouse(home: Home, staged: Path) -> None:
    """Put a finished staged file in the place of the writer's file; no database may be open.

    WarehouseError, with nothing changed, when there is a log beside either: that of the staged
    file would hold commits that the file lacks, and that in the place belongs to another file.
    """
    for log in (_log(staged), _log(home.warehouse)):
        if log.exists():
            raise WarehouseError(
                f"{log} is an orphaned WAL file: it belongs to no database here; move it away and "
                "run again, nothing was changed"
            )
    with os_errors_as_home_error(home.warehouse):
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        staged.replace(home.warehouse)
        sync_folder(home.root)


def discard_log(home: Home) -> None:
    """Remove the log beside the writer's file, which is to be replaced: its commits go too."""
    with os_errors_as_home_error(home.warehouse):
        _log(home.warehouse).unlink(missing_ok=True)
        sync_folder(home.root)


def _log(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")
