"""DuckLake's own maintenance, under the lock of writers: deletes and compaction conflict.

An hour adds about eight small files. What readers may have open stays: a snapshot is readable for
seven days (time travel), and a file that no snapshot needs for two days more. Ages count by
PostgreSQL's clock, the only one that all machines share.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from schemas.errors import HomeError
from warehouse.connect import Connection
from warehouse.lake.attach import LOCKS, NAME
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.shared_home import Lake
from warehouse.statements import statement

KEEP_SNAPSHOTS = timedelta(days=7)
KEEP_FILES = timedelta(days=2)
MOST_AHEAD = timedelta(hours=1)
"""A clock that is further ahead of PostgreSQL's would make what is new look old."""
REWRITE_FROM = 0.1
"""The part of a file's rows that are deleted from which on the file is written again."""


class LakeUpkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What maintenance did in a shared warehouse; `maintain --json` prints this."""

    files_before: int
    """Files of data and of deletes that the newest snapshot reads."""
    files_after: int
    snapshots_expired: int
    files_removed: int
    """Files that no snapshot needs."""
    orphans_removed: int
    """Files that a killed writer had left."""


def keep_lake(
    lake: Lake,
    *,
    dry_run: bool = False,
    keep_snapshots: timedelta = KEEP_SNAPSHOTS,
    keep_files: timedelta = KEEP_FILES,
) -> LakeUpkeep:
    """Write few large files in the place of many small ones, and remove what nothing needs.

    A dry run changes nothing, and counts what could be removed now.
    """
    con = lake.con
    with lake_errors(lake.settings):
        before = len(live_files(con))
        if not dry_run:
            con.execute(f"CALL ducklake_flush_inlined_data('{NAME}')")
            con.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')")
            con.execute(
                f"CALL ducklake_rewrite_data_files('{NAME}', delete_threshold => {REWRITE_FROM})"
            )
            con.execute(f"CALL ducklake_merge_adjacent_files('{NAME}')")
        now = postgres_time(con)
        age = {"older_than": now - keep_snapshots, "dry_run": dry_run}
        expired = con.execute(statement("select_expired_snapshots"), age).fetchall()
        age = {"older_than": now - keep_files, "dry_run": dry_run}
        removed = con.execute(statement("select_unused_files"), age).fetchall()
        orphans = con.execute(statement("select_orphaned_files"), age).fetchall()
        return LakeUpkeep(
            files_before=before,
            files_after=len(live_files(con)),
            snapshots_expired=len(expired),
            files_removed=len(removed),
            orphans_removed=len(orphans),
        )


def require_right_clock(lake: Lake, now: datetime) -> None:
    """Raise HomeError where this machine's clock is ahead of PostgreSQL's: what other machines
    landed and recorded lately would be dropped as old.
    """
    with lake_errors(lake.settings):
        shared = postgres_time(lake.con)
    if now - shared > MOST_AHEAD:
        raise HomeError(
            f"this machine's clock says {now:%Y-%m-%d %H:%M} UTC, and that of PostgreSQL "
            f"({lake.settings.place}) {shared:%Y-%m-%d %H:%M} UTC: what is new would be dropped as "
            "old. Nothing was changed; set the clock that is wrong right, and run again"
        )


def postgres_time(con: Connection) -> datetime:
    """Return the time of PostgreSQL, by a connection with `lake_locks`."""
    query = "SELECT extract(epoch FROM clock_timestamp())::float8"
    row = con.execute(f"FROM postgres_query('{LOCKS}', $query)", {"query": query}).fetchone()
    return datetime.fromtimestamp(row[0] if row else 0.0, UTC)


def live_files(con: Connection) -> set[str]:
    """Return the paths of the files that the newest snapshot reads: data, and deletes of rows.

    DuckLake's own numbers of files include the deletes of data that is merged since.
    """
    tables = con.execute(statement("read_lake_tables")).fetchall()
    return {
        path
        for (table,) in tables
        for row in con.execute(statement("read_lake_files"), {"table": table}).fetchall()
        for path in row
        if path is not None
    }
