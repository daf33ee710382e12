"""One writer of a shared warehouse at a time, on whatever machine: an advisory lock of PostgreSQL.

PostgreSQL releases it with the transaction that took it, so also when the process or its machine
dies. It makes a writer wait; what keeps two from mixing is the row of the head, which every commit
updates (warehouse/lake/lake_recorder.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import duckdb

from schemas.errors import HomeBusy, WarehouseError
from warehouse.connect import Connection
from warehouse.lake.attach import LOCKS, attach_locks, quoted
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.lake_settings import WAREHOUSE, LakeSettings

POLL_S = 0.3


@contextmanager
def hold_shared(
    con: Connection,
    settings: LakeSettings,
    *,
    wait_s: float,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold the lock of a shared warehouse while the block runs; HomeBusy after `wait_s` seconds.

    On a cursor of its own, whose transaction stays open.
    """
    cursor = con.cursor()
    try:
        with lake_errors(settings):
            attach_locks(cursor, settings)
        started = monotonic()
        while not _acquired(cursor, settings):
            waited = monotonic() - started
            if waited >= wait_s:
                raise HomeBusy(
                    f"the shared warehouse ({settings.place}, schema {settings.schema}) is being "
                    f"written by {_holder(cursor, settings)}; waited {waited:.1f} s for it, "
                    "nothing was changed; run again when it is done"
                )
            sleep(min(POLL_S, max(wait_s - waited, 0.01)))
        yield
    finally:
        with suppress(duckdb.Error):  # PostgreSQL may be gone, and the lock with it
            cursor.execute("ROLLBACK")
        cursor.close()


def require_writer(con: Connection, settings: LakeSettings) -> None:
    """Raise WarehouseError where the role of the settings may only read the catalogue.

    On a connection whose lock is held. A catalogue that does not exist yet is the role's to make.
    """
    table = quoted(f"{settings.schema}.ducklake_snapshot")
    with lake_errors(settings):
        row = _query(con, f"SELECT has_table_privilege(to_regclass({table}), 'INSERT')")
    if row is not None and row[0] is False:
        raise WarehouseError(
            f"the role of {WAREHOUSE} may only read the shared warehouse ({settings.place}, "
            f"schema {settings.schema}); nothing was changed. Run this on a machine whose role "
            "writes; `pricehouse serve` and `pricehouse warehouse pull` need no more than to read"
        )


def _acquired(cursor: Connection, settings: LakeSettings) -> bool:
    """Try to take the lock; without it no transaction is left open, which would see old holders."""
    with lake_errors(settings):
        cursor.execute("BEGIN")
        query = f"SELECT pg_try_advisory_xact_lock({settings.lock_key})"
        row = _query(cursor, query)
        if row and row[0]:
            return True
        cursor.execute("ROLLBACK")
    return False


def _holder(cursor: Connection, settings: LakeSettings) -> str:
    high, low = settings.lock_key >> 32, settings.lock_key & 0xFFFFFFFF
    query = (
        "SELECT a.application_name, a.client_addr::text FROM pg_locks l "  # noqa: S608 - numbers
        "JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted "
        f"AND l.classid = {high}::bigint::oid AND l.objid = {low}::bigint::oid "
        "AND l.objsubid = 1 "
        "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with suppress(duckdb.Error):
        row = _query(cursor, query)
        if row and row[0]:
            return str(row[0]).removeprefix("pricehouse ") + (f" from {row[1]}" if row[1] else "")
    return "another process"


def _query(cursor: Connection, query: str) -> tuple[object, ...] | None:
    found = cursor.execute(f"FROM postgres_query('{LOCKS}', $query)", {"query": query})
    return found.fetchone()
