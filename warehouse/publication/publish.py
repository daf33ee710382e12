"""Publish: copy the writer's file under a new name, verify the copy, then move the link to it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from warehouse.connect import Limits, open_reader
from warehouse.statements import statement
from warehouse.storage.files import copy_file, make_folder, os_errors_as_home_error, sync_folder
from warehouse.storage.home import Home
from warehouse.writer.staging_file import staged_database

KEEP = 3
_PREFIX, _SUFFIX = "marketplace-", ".duckdb"


def publish(home: Home, publication_id: str) -> Path:
    """Copy, verify and link the writer's file, which must be closed and checkpointed.

    Readers that have an older file open keep it; the last three are kept on disk. Raises
    WarehouseError, with the link untouched, when the copy is not the publication it should be.
    """
    # A log beside the writer's file would hold commits that the copy lacks.
    if home.warehouse.with_suffix(".duckdb.wal").exists():
        raise WarehouseError(f"{home.warehouse} has an unmerged write-ahead log; run again")
    return link_publication(home, publication_id, lambda staged: copy_file(home.warehouse, staged))


def link_publication(home: Home, publication_id: str, write: Callable[[Path], None]) -> Path:
    """Let `write` make the file of a publication, verify it, and move the link to it; errors as
    `publish`.
    """
    target = publication_path(home, publication_id)
    with os_errors_as_home_error(home.published):
        make_folder(home.published)
        with staged_database(home.published, target.name) as staged:
            write(staged)
            _sync(staged)
            require_publication(staged, publication_id)
            staged.replace(target)
        sync_folder(home.published)
        _move_link(home.link, target)
        for old in [*home.published.glob(".*.tmp"), *superseded(home)]:
            old.unlink()
    return target


def publication_path(home: Home, publication_id: str) -> Path:
    """Return the file of a publication, whether it is there or not."""
    return home.published / f"{_PREFIX}{publication_id}{_SUFFIX}"


def published_id(home: Home) -> str | None:
    """Return the id of the publication that the link leads to; None when there is none."""
    try:
        name = home.link.readlink().name
    except OSError:
        return None
    if not home.link.exists():
        return None
    return _id_of(Path(name))


def publications(home: Home) -> list[tuple[Path, str]]:
    """Return the publications on disk with the id that each name states."""
    files = sorted(home.published.glob(f"{_PREFIX}*{_SUFFIX}"))
    return [(path, _id_of(path)) for path in files]


def _id_of(path: Path) -> str:
    return path.name.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def forget_publications(home: Home, publication_ids: Collection[str]) -> None:
    """Remove these publications; readers that have one open keep it. A link to one goes first."""
    with os_errors_as_home_error(home.published):
        if home.link.is_symlink() and _id_of(home.link.readlink()) in publication_ids:
            home.link.unlink()
            sync_folder(home.root)
        for path, publication_id in publications(home):
            if publication_id in publication_ids:
                path.unlink()


def require_publication(staged: Path, publication_id: str) -> None:
    """Raise WarehouseError unless this file is that publication, with a card for every offer.

    Every block of the cards is read, which compares it with its checksum.
    """
    try:
        with open_reader(staged, Limits(threads=1)) as con:
            row = con.execute(statement("verify_publication")).fetchone()
            con.execute(statement("verify_cards")).fetchone()
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0][:200]
        raise WarehouseError(f"{staged} cannot be opened whole: {first}") from error
    if row is None or row[0] != publication_id:
        raise WarehouseError(f"the copy names publication {row and row[0]}, not {publication_id}")
    if row[1] != row[2]:
        raise WarehouseError(f"the copy shows {row[1]} cards of {row[2]} present offers")


def _move_link(link: Path, target: Path) -> None:
    staged = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    for leftover in link.parent.glob(f".{link.name}.*.tmp"):  # of a process that was killed here
        leftover.unlink(missing_ok=True)
    staged.symlink_to(target.relative_to(link.parent))
    staged.replace(link)
    sync_folder(link.parent)


def superseded(home: Home) -> list[Path]:
    """Return the publications that are neither linked nor among the last three."""
    linked = home.link.resolve()
    files = sorted(
        home.published.glob(f"{_PREFIX}*{_SUFFIX}"), key=lambda p: (p.stat().st_mtime_ns, p.name)
    )
    return [path for path in files if path.name != linked.name][: -(KEEP - 1)]


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
