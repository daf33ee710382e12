"""Put the newest publication in the place of a writer's file of which a kill tore a block.

DuckDB writes a block of metadata again in its place when a checkpoint adds to it. The kernel ends a
write where the process is killed, so such a block can be half old and half new: of about a thousand
kills one left a file that could not be opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from schemas.errors import TornWarehouse
from warehouse.connect import Connection, loading_limits, open_writer
from warehouse.publication.newest import newest
from warehouse.publication.publish import published_id
from warehouse.storage.files import copy_file
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of
from warehouse.writer.staging_file import (
    discard_log,
    replace_warehouse,
    require_warehouse,
    staged_database,
)
from warehouse.writer.table_content import read_every_block

T = TypeVar("T")


def read_warehouse(home: Home, landing: Landing, read: Callable[[Connection], T]) -> T:
    """Return what `read` reads of the writer's file, restored first where a kill tore it.

    The caller holds the home's lock. After a kill every block is read, because opening reads few.
    TornWarehouse where the file is torn and the newest publication lacks a committed run.
    """
    was_killed = bool(landing.unfinished())
    try:
        return _read(home, read, every_block=was_killed)
    except TornWarehouse:
        if not restore_published(home, landing):
            raise
    return _read(home, read, every_block=False)


def _read(home: Home, read: Callable[[Connection], T], *, every_block: bool) -> T:
    with open_writer(home.warehouse, loading_limits(home.warehouse)) as con:
        if every_block:
            read_every_block(con)
        return read(con)


def restore_published(home: Home, landing: Landing) -> bool:
    """Put the newest publication in the place of the writer's file; False where it lacks a run.

    A publication is a verified copy of the writer's file. What landing does not mark as committed
    was acknowledged to nobody, and the next run marks it as interrupted.
    """
    committed = landing.newest_committed()
    if committed is None or published_id(home) != committed.run_id:
        return False
    with staged_database(home.root, home.warehouse.name) as staged:
        copy_file(newest(home), staged)
        require_warehouse(staged, run_id=committed.run_id, sequence=sequence_of(committed))
        discard_log(home)
        replace_warehouse(home, staged)
    return True
