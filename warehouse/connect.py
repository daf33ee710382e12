"""The one way to open a DuckDB file."""

from __future__ import annotations

import os
import resource
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb

from schemas.errors import HomeBusy, HomeError, TornWarehouse, WarehouseError
from warehouse.internal_schema import SCHEMA, has_schema, in_its_schema, stand_in

Connection = duckdb.DuckDBPyConnection

STORAGE = "v1.5.0"
_GUARD = f"CREATE OR REPLACE TABLE {SCHEMA}._ph_opened AS SELECT now() AS opened_at; CHECKPOINT;"
# It pushes an IN filter of a small table into the scan of a frame, which has none for strings.
NO_PUSHDOWN = "SET disabled_optimizers = 'join_filter_pushdown'"


@dataclass(frozen=True)
class Limits:
    """The memory of a connection's own, beyond which it spills to a folder, and its threads.

    None leaves DuckDB's default: most of the machine's memory, a thread for each core, and for a
    writer a folder beside the file. A reader spills to a folder of its process.
    """

    memory: str | None = None
    threads: int | None = None
    spill_folder: Path | None = None


WRITING = Limits(memory="512MB")
_LOADING_BYTES, _MOST_LOADING_BYTES = 128_000_000, 256_000_000
DISK_TROUBLE = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.TransactionException,
    duckdb.OutOfMemoryException,
)


def loading_limits(path: Path) -> Limits:
    """Return the limits for rows that come from frames, into a file that may be large.

    A frame is one stream, for which a second thread only spins, and DuckDB keeps uncompressed rows
    until the commit if it may.
    """
    size = path.stat().st_size if path.exists() else 0
    return Limits(f"{min(_LOADING_BYTES + size // 4, _MOST_LOADING_BYTES)}B", threads=1)


@contextmanager
def open_writer(path: Path, limits: Limits = WRITING) -> Iterator[Connection]:
    """Open the writer's file for one run; the caller holds the home's lock.

    A tiny commit and a CHECKPOINT come first: without them a write-ahead log that was torn by a
    kill can make the file refuse to open after a later large commit.
    """
    _require_limit(path)
    con = _connect(path, limits, read_only=False)
    try:
        con.execute(in_its_schema(con, _GUARD))
        con.execute(NO_PUSHDOWN)
        yield con
    except DISK_TROUBLE as error:
        text = str(error).lower()
        if "could not read enough bytes" in text or _is_torn(error):  # where opening did not read
            raise _unusable(path, error, read_only=False) from error
        raise HomeError(
            f"{path} cannot be written: {_first_line(error)}. Is the disk full, or a limit too "
            "low? The last publication is kept; the next run continues after the last commit."
        ) from error
    finally:
        con.close()


def raise_memory_limit(con: Connection, size: int) -> None:
    """Let a connection have so many bytes of memory of its own, unless it may have more."""
    query = "SELECT parse_formatted_bytes(current_setting('memory_limit'))"
    row = con.execute(query).fetchone()
    if row is not None and row[0] < size:
        con.execute(f"SET memory_limit = '{size}B'")


def _require_limit(path: Path) -> None:
    """Refuse a limit on file sizes below the file's own: blocks in use would be written in part."""
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.stat().st_size if path.exists() else 0
    if limit != resource.RLIM_INFINITY and limit < size:
        raise HomeError(
            f"{path} has {size} bytes and this process may write files of {limit}; raise the limit "
            "on file sizes (`ulimit -f`) and run again. Nothing was changed."
        )


@contextmanager
def open_reader(path: Path, limits: Limits | None = None) -> Iterator[Connection]:
    """Open a published file read-only."""
    limits = limits or Limits()
    if limits.spill_folder is None:
        limits = replace(limits, spill_folder=_own_spill_folder(path))
    con = _connect(path, limits, read_only=True)
    try:
        yield con
    finally:
        con.close()


def _set_spill_folder(con: Connection, folder: str) -> None:
    """Set it after opening: who opens the file without it in this process has the same database,
    for which DuckDB takes no other configuration.
    """
    row = con.execute("SELECT current_setting('temp_directory')").fetchone()
    if row is not None and row[0] == folder:
        return
    # one that rows of another connection of this process lie in cannot be set again, and is used
    with suppress(duckdb.NotImplementedException):
        con.execute("SET temp_directory = $folder", {"folder": folder})


def _own_spill_folder(path: Path) -> Path:
    """Name the folder that the readers of a file spill to in this process, on the file's disk where
    they may write there; DuckDB makes it when it spills, and removes it.

    That of DuckDB's default is one for all processes: they read each other's rows in it, or crash.
    Two connections of one process are one database, and must name the same.
    """
    folder = path.parent
    if not os.access(folder, os.W_OK):
        with suppress(FileNotFoundError):  # no folder at all; what needs none can be read yet
            folder = Path(tempfile.gettempdir())
    return folder / f"{path.name}.{_token(os.getpid())}.tmp"


@cache
def _token(process: int) -> str:
    return f"{process}-{secrets.token_hex(4)}"  # two containers may have processes of one number


def _connect(path: Path, limits: Limits, *, read_only: bool) -> Connection:
    config: dict[str, str | bool | int | float | list[str]] = {}
    if limits.memory is not None:
        config["memory_limit"] = limits.memory
    if limits.threads is not None:
        config["threads"] = limits.threads
    if limits.spill_folder is not None and not read_only:
        config["temp_directory"] = str(limits.spill_folder)
    if not read_only:
        config["storage_compatibility_version"] = STORAGE
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=config)
        try:
            _set_up(con, limits, read_only=read_only)
        except BaseException:
            con.close()
            raise
    except duckdb.IOException as error:
        if "could not set lock" in str(error).lower():
            raise HomeBusy(
                f"{path} is open in another process; readers use marketplace.duckdb beside it. "
                "Close that process and run again; nothing was changed."
            ) from error
        raise _unusable(path, error, read_only=read_only) from error
    except duckdb.Error as error:
        raise _unusable(path, error, read_only=read_only) from error
    return con


def _set_up(con: Connection, limits: Limits, *, read_only: bool) -> None:
    if read_only:
        con.execute("SET python_enable_replacements = false")  # `FROM x` is never our variable
        if limits.spill_folder is not None:
            _set_spill_folder(con, str(limits.spill_folder))
    con.execute("SET TimeZone = 'UTC'")  # else TIMESTAMPTZ comes back in the machine's zone
    # DuckDB takes `python -c` for an interactive process and draws one on stdout, in our JSON.
    con.execute("SET enable_progress_bar = false")
    if read_only and not has_schema(con):
        stand_in(con)


def _unusable(path: Path, error: Exception, *, read_only: bool) -> WarehouseError:
    remedy = (
        "Remove this file; the next run publishes a new one."
        if read_only
        else "The last publication is not touched; move this file away and run `pricehouse replay` "
        "to rebuild it from landing."
    )
    kind = TornWarehouse if _is_torn(error) and not read_only else WarehouseError
    return kind(f"{path} cannot be opened: {_first_line(error)}. {remedy}")


def _is_torn(error: Exception) -> bool:
    return "does not match stored checksum" in str(error)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]
