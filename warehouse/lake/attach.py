"""The only door to DuckDB's extensions: open a shared warehouse, or attach it beside a file.

Passwords and keys go into DuckDB's secrets, so that no path of a database, and so no error, listing
or log, has them.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from schemas.errors import HomeError, StoreError
from warehouse.connect import NO_PUSHDOWN, Connection
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.lake_settings import LakeSettings
from warehouse.statements import statement
from warehouse.storage.files import make_folder, temporary_folder
from warehouse.store.store_settings import S3Place

NAME = "lake"
"""What the shared warehouse is called in a connection."""
LOCKS = "lake_locks"
INLINED_ROWS = 100
"""Rows of an insert that PostgreSQL keeps itself: with more a commit takes seconds, with fewer an
hour adds twice as many files."""
_CONFIG: dict[str, str | bool | int | float | list[str]] = {"memory_limit": "512MB", "threads": 2}
_EXTENSIONS = ("ducklake", "postgres_scanner")
_S3_EXTENSION = "httpfs"
"""Loaded where the data lies in a bucket: DuckDB verifies tens of megabytes with every load."""
_WAITS = (
    "-c lock_timeout=10s -c idle_in_transaction_session_timeout=0 "
    "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=6"
)
"""Without a limit, maintenance waits for any reader for ever. The server notices within a minute
and a half that the machine of a writer is gone."""
_NOTICES = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
    "tcp_user_timeout": "90000",
}
"""A writer notices as soon that the machine of PostgreSQL is gone; by itself it takes hours."""


@contextmanager
def open_lake(settings: LakeSettings, *, read_only: bool = False) -> Iterator[Connection]:
    """Open a shared warehouse, whose names then need no prefix; WarehouseError where it is not."""
    with open_extensions(settings) as con:
        with lake_errors(settings):
            attach_lake(con, settings, read_only=read_only)
            con.execute(f"USE {NAME}")
        yield con


@contextmanager
def open_made_lake(settings: LakeSettings) -> Iterator[Connection | None]:
    """Open a shared warehouse to read, None without a catalogue: to attach an absent one makes it.

    WarehouseError where it cannot be opened.
    """
    with open_extensions(settings) as con:
        with lake_errors(settings):
            attach_locks(con, settings)
            is_made = has_catalogue(con, settings)
            if is_made:
                attach_lake(con, settings, read_only=True)
                con.execute(f"USE {NAME}")
        yield con if is_made else None


@contextmanager
def open_extensions(settings: LakeSettings) -> Iterator[Connection]:
    """Open a database in memory that can reach PostgreSQL and the store."""
    # a database in memory would spill to the current folder of the process, which may be of another
    # user, or where another process spills too
    with temporary_folder() as spilled:
        con = duckdb.connect(":memory:", config={**_CONFIG, "temp_directory": spilled})
        try:
            with lake_errors(settings):
                load_extensions(con, settings)
            yield con
        finally:
            con.close()


def load_extensions(con: Connection, settings: LakeSettings) -> None:
    """Load DuckDB's extensions and the secrets that they log in with."""
    con.execute("SET enable_progress_bar = false")
    for extension in _EXTENSIONS:
        _load(con, extension)
    if isinstance(settings.store.place, S3Place):
        _load(con, _S3_EXTENSION)
    con.execute("SET TimeZone = 'UTC'")
    con.execute(NO_PUSHDOWN)
    _create_secrets(con, settings)


def attach_lake(con: Connection, settings: LakeSettings, *, read_only: bool = False) -> None:
    """Attach a shared warehouse as `lake` to a connection with the extensions."""
    if not read_only and not isinstance(settings.store.place, S3Place):
        _make_data_folder(settings)
    mode = ", READ_ONLY" if read_only else ""
    con.execute(
        f"ATTACH 'ducklake:pricehouse_lake' AS {NAME} "
        f"(DATA_INLINING_ROW_LIMIT {INLINED_ROWS}{mode})"
    )


def _make_data_folder(settings: LakeSettings) -> None:
    try:
        make_folder(Path(settings.data))
    except HomeError as error:
        cause = error.__cause__
        reason = cause.strerror if isinstance(cause, OSError) else cause
        raise StoreError(
            f"the store {settings.store.address} cannot be used: {reason}; let this user write "
            "there, or set PRICEHOUSE_STORE to another folder"
        ) from error


def attach_locks(con: Connection, settings: LakeSettings) -> None:
    """Attach the database of the catalogue as `lake_locks`, to ask PostgreSQL for locks."""
    path = quoted(_connection(settings, f"pricehouse {_who()}"))
    con.execute(f"ATTACH {path} AS {LOCKS} (TYPE postgres, SECRET pricehouse_postgres, READ_ONLY)")


def has_catalogue(con: Connection, settings: LakeSettings) -> bool:
    """Return whether there is a catalogue, by a connection with `lake_locks`."""
    table = quoted(f"{settings.schema}.ducklake_metadata")
    query = f"SELECT to_regclass({table}) IS NOT NULL"
    row = con.execute(f"FROM postgres_query('{LOCKS}', $query)", {"query": query}).fetchone()
    return row is not None and bool(row[0])


def stored_files(con: Connection, settings: LakeSettings) -> set[str]:
    """Return the paths of all files of a shared warehouse, also those that nothing reads."""
    if not isinstance(settings.store.place, S3Place):
        return {str(path) for path in Path(settings.data).rglob("*") if path.is_file()}
    found = con.execute(statement("read_stored_files"), {"pattern": f"{settings.data}**"})
    return {path for (path,) in found.fetchall()}


def quoted(text: str) -> str:
    """Return a text as a literal of SQL: statements that attach or make secrets bind no values."""
    return "'" + text.replace("'", "''") + "'"


def _load(con: Connection, extension: str) -> None:
    """Load an extension from its wheel where that is installed, else as DuckDB itself does."""
    if path := _in_wheel(extension):
        con.execute(f"LOAD {quoted(str(path))}")
    else:
        con.execute(f"INSTALL {extension}")
        con.execute(f"LOAD {extension}")


def _in_wheel(extension: str) -> Path | None:
    spec = find_spec(f"duckdb_extension_{extension}")
    if spec is None or spec.origin is None:
        return None
    files = Path(spec.origin).parent.glob(f"extensions/*/{extension}.duckdb_extension")
    return next(files, None)


def _create_secrets(con: Connection, settings: LakeSettings) -> None:
    password = settings.find_password()
    own = f", PASSWORD {quoted(password.reveal())}" if password else ""
    con.execute(f"CREATE SECRET pricehouse_postgres (TYPE postgres{own})")
    if isinstance(settings.store.place, S3Place):
        options = ", ".join(_s3_options(settings, settings.store.place))
        con.execute(f"CREATE SECRET pricehouse_s3 ({options})")
    con.execute(
        "CREATE SECRET pricehouse_lake (TYPE ducklake, "
        f"METADATA_PATH {quoted(_connection(settings, f'pricehouse data {_who()}'))}, "
        f"DATA_PATH {quoted(settings.data)}, METADATA_SCHEMA {quoted(settings.schema)}, "
        "METADATA_PARAMETERS MAP {'TYPE': 'postgres', 'SECRET': 'pricehouse_postgres'})"
    )


def _s3_options(settings: LakeSettings, place: S3Place) -> Iterator[str]:
    keys = place.keys
    # by its path, as the store's own client addresses it
    yield f"TYPE s3, SCOPE {quoted(settings.data)}, REGION {quoted(place.region)}, URL_STYLE 'path'"
    yield f"KEY_ID {quoted(keys.access_key_id.reveal())}"
    yield f"SECRET {quoted(keys.secret_access_key.reveal())}"
    if keys.session_token is not None:
        yield f"SESSION_TOKEN {quoted(keys.session_token.reveal())}"
    if place.endpoint is not None:
        parts = urlsplit(place.endpoint)
        yield f"ENDPOINT {quoted(parts.netloc + parts.path.rstrip('/'))}"
        yield f"USE_SSL {'false' if parts.scheme == 'http' else 'true'}"


def _connection(settings: LakeSettings, application: str) -> str:
    """Return PostgreSQL's connection string; a value is in single quotes."""
    given = {
        **_NOTICES,
        **settings.connection,
        "application_name": application[:63],
        "options": _WAITS,
    }
    return " ".join(f"{name}={_value(text)}" for name, text in given.items())


def _value(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _who() -> str:
    """Return the machine and the process, by which another one names who holds the lock."""
    command = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    plain = "".join(c if c.isalnum() or c in "-._" else "-" for c in command)[:20]
    return f"{plain} {os.getpid()}@{socket.gethostname()}"
