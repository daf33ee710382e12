"""Say in a sentence, without any secret, what DuckDB reports of a shared warehouse."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from schemas.errors import WarehouseError
from schemas.secrets import MASK
from warehouse.lake.lake_settings import WAREHOUSE, LakeSettings
from warehouse.store.store_settings import SETTING, S3Place

_PATH = re.compile(r' at (path \+ ?)?"connect_timeout=[^"]*"')
"""The connection string in an error about it, before the cause; the settings have it too."""
_BEFORE_REASON = re.compile(r"^.*?(Unable to connect to Postgres: |(?=Failed to execute))")
_UNREACHABLE = (
    *("unable to connect to postgres", "connection to server", "server closed the connection"),
    *("terminating connection", "no connection to the server", "ssl syscall", "could not connect"),
    *("the database system is", "failed to execute query", "failed to prepare copy", "broken pipe"),
    # what follows the first error in a transaction
    *("unsuccessful query result", "current transaction is aborted"),
)
_PERMISSIONS = (
    (
        r"permission denied for database",
        "grant this user CREATE on the database, as the schema is to be made in it",
    ),
    (
        r"permission denied for",
        "grant this user what docs/lake.md names, or set user= in {setting} to who owns the schema",
    ),
)
"""What PostgreSQL refuses in a session → what to do about it."""
_CONNECTING = re.compile(r"unable to connect to postgres|connection to server", re.IGNORECASE)
_CONNECTIONS = (
    (
        r"password authentication failed|no password supplied|role \".*\" does not exist",
        "set user= in {setting}, and its password in PGPASSFILE, PGPASSWORD or Vault "
        "(postgres/api_key)",
    ),
    (r"database \".*\" does not exist", "make that database, or set dbname= in {setting} right"),
    (r"pg_hba\.conf", "let pg_hba.conf of the server admit this user from this machine"),
    (
        r"translate host name|parse network address|Connection refused|No such file|No route|"
        r"unreachable|timeout expired|SSL SYSCALL|closed (the connection )?unexpectedly",
        "check that PostgreSQL runs there, and host= and port= in {setting}",
    ),
    (
        r"SSL|certificate",
        "set sslmode= and sslrootcert= in {setting} to what the server offers",
    ),
    (
        r"invalid value for parameter|invalid \w+ value|standby|read-only",
        "set that parameter in {setting} right",
    ),
)
"""What PostgreSQL or its library says before there is a session → what to do about it."""
_OF_STORE = re.compile(r"http (get|put|post|head|delete)|s3://")
_RECORDED = re.compile(r'does not match existing data path in the catalog "([^"]*)"')
_AFTERWARDS = "Nothing of this command is published; the next one continues after the last commit"


@contextmanager
def lake_errors(settings: LakeSettings) -> Iterator[None]:
    """Turn an error of DuckDB into a WarehouseError of one sentence, without any secret."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(_sentence(settings, error)) from None  # its text may be anything


def error_text(settings: LakeSettings, error: duckdb.Error) -> str:
    """Return the text of an error on one line, without any secret."""
    text = str(error).partition("\nLINE ")[0]  # the line of our own statement says nothing here
    for secret in settings.secrets():
        text = secret.scrub(text)
    if password := os.environ.get("PGPASSWORD"):  # which PostgreSQL's library takes by itself
        text = text.replace(password, MASK)
    return " ".join(_PATH.sub(" ", text).split()).replace(" :", ":")[:300]


def another_writer(settings: LakeSettings) -> WarehouseError:
    """Return the error of who comes second."""
    return WarehouseError(
        f"another writer committed to the shared warehouse ({settings.place}) meanwhile; "
        "nothing of this run was committed, run again"
    )


def _sentence(settings: LakeSettings, error: duckdb.Error) -> str:
    first = error_text(settings, error)
    lower = str(error).lower()
    if "conflict" in lower or "deadlock" in lower:
        return str(another_writer(settings))
    if "lock timeout" in lower:
        return (
            f"a reader keeps a lock in the shared warehouse ({settings.place}); nothing was "
            "committed, run again when it is done"
        )
    if "data_path" in lower and "does not match" in lower:
        recorded = _RECORDED.search(str(error))
        where = f"in {recorded[1]}" if recorded else "elsewhere"
        return (
            f"the shared warehouse ({settings.place}, schema {settings.schema}) was begun with its "
            f"data {where} and not in {settings.data}: set PRICEHOUSE_STORE as it was then, or "
            "another schema="
        )
    of_store = bool(_OF_STORE.search(lower))
    if not of_store and any(sign in lower for sign in _UNREACHABLE):
        return (
            f"PostgreSQL of the shared warehouse ({settings.place}) cannot be used: "
            f"{_of_postgres(first)}. {_AFTERWARDS}"
        )
    if of_store or any(sign in lower for sign in ("http", "io error", "cannot open file")):
        return (
            f"the data of the shared warehouse ({settings.data}) cannot be used: "
            f"{_of_store(settings, first)}. {_AFTERWARDS}"
        )
    if "extension" in lower and ("not found" in lower or "install" in lower):
        return (
            f"DuckDB's extensions for a shared warehouse are missing: {first}. "
            "Run `pip install 'pricehouse[lake]'`"
        )
    return f"the shared warehouse ({settings.place}): {first}"


def _of_postgres(text: str) -> str:
    known = _PERMISSIONS + (_CONNECTIONS if _CONNECTING.search(text) else ())
    for signs, remedy in known:
        if re.search(signs, text):
            reason = _BEFORE_REASON.sub("", text).partition(" Is the server running")[0]
            return f"{reason}; {remedy.format(setting=WAREHOUSE)}"
    return text


def _of_store(settings: LakeSettings, text: str) -> str:
    if not isinstance(settings.store.place, S3Place):
        return text
    if "NoSuchBucket" in text:
        return (
            f"there is no bucket {settings.store.place.bucket}; make it, or set {SETTING} and "
            "AWS_ENDPOINT_URL right"
        )
    if re.search(r"HTTP 40[13]", text):
        return (
            "the object store refuses this key; set keys that may, and check AWS_REGION and the "
            "clock of this machine"
        )
    if "Could not connect" in text or "Could not establish connection" in text:
        return "there is no connection to it; check that it runs, and AWS_ENDPOINT_URL"
    return text
