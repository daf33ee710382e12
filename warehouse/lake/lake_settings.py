"""Where a shared warehouse is: the catalogue in PostgreSQL, its data in a store; never a password.

PRICEHOUSE_WAREHOUSE=ducklake:postgres:dbname=prices host=db.example user=pricehouse
PRICEHOUSE_STORE=s3://bucket/prefix
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from schemas.errors import SettingsError
from schemas.secrets import Secret

WAREHOUSE = "PRICEHOUSE_WAREHOUSE"
STORE = "PRICEHOUSE_STORE"
EXAMPLE = "ducklake:postgres:dbname=prices host=db.example user=pricehouse"
DEFAULT_SCHEMA = "pricehouse"
_PREFIX = "ducklake:postgres:"
_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,47}")
_REFUSED = ("password", "passfile", "options", "application_name", "service", "replication")
"""Connection parameters that are ours to set, or that would be a secret in a setting."""
_KNOWN = (
    *("host", "hostaddr", "port", "dbname", "user", "connect_timeout", "client_encoding"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslsni", "channel_binding"),
    *("gssencmode", "target_session_attrs", "keepalives_idle", "requirepeer", "require_auth"),
)


@dataclass(frozen=True)
class ObjectStoreLogin:
    """How DuckDB reaches the objects of a bucket."""

    key_id: str | None
    secret: Secret | None
    session_token: Secret | None
    region: str | None
    endpoint: str | None


@dataclass(frozen=True)
class LakeSettings:
    """One shared warehouse; `connection` are the parameters of PostgreSQL by name."""

    connection: Mapping[str, str]
    schema: str
    data: str
    """A folder or `s3://bucket/prefix`, with a slash at its end."""
    login: ObjectStoreLogin | None = None
    """Of a bucket; None: the data lies in a folder."""
    find_password: Callable[[], Secret | None] = field(default=lambda: None, repr=False)
    """Reads Vault; where it has none, PostgreSQL's own library looks in PGPASSFILE and PGPASSWORD.
    Called only when the warehouse is opened."""

    @property
    def place(self) -> str:
        """Where the catalogue is, for people: `prices on db.example, schema pricehouse`."""
        host = self.connection.get("host") or self.connection.get("hostaddr") or "this machine"
        return f"{self.connection.get('dbname', 'the default database')} on {host}"

    @property
    def title(self) -> str:
        """The whole place, for a status: the catalogue, its schema, and where the data is."""
        return f"{self.place}, schema {self.schema}, data in {self.data}"

    @property
    def lock_key(self) -> int:
        """The number of the advisory lock that a writer of this catalogue holds."""
        digest = sha256(f"pricehouse {self.schema}".encode()).digest()
        return int.from_bytes(digest[:7], "big")  # positive, as PostgreSQL lists it

    def secrets(self) -> list[Secret]:
        """Return what no message may hold."""
        own = self.login and [self.login.secret, self.login.session_token]
        return [each for each in (self.find_password(), *(own or [])) if each is not None]


def read_lake_settings(environment: Mapping[str, str]) -> LakeSettings | None:
    """Return the shared warehouse, None without one; SettingsError says what is wrong with it.

    Of a password only its finder is set, by who may read Vault (pipeline/lake_access.py).
    """
    if not (text := (environment.get(WAREHOUSE) or "").strip()):
        return None
    if not text.startswith(_PREFIX):  # not quoted: it may hold a password
        raise SettingsError(f"{WAREHOUSE} must be like `{EXAMPLE}`; unset it for a file")
    connection = _parameters(text.removeprefix(_PREFIX))
    schema = connection.pop("schema", DEFAULT_SCHEMA)
    if not _SCHEMA.fullmatch(schema):
        raise SettingsError(
            f"{WAREHOUSE}: schema={schema!r} must be a name of small letters, digits and "
            "underscores, like pricehouse"
        )
    store = (environment.get(STORE) or "").strip()
    if not store:
        raise SettingsError(
            f"{WAREHOUSE} is set and {STORE} is not: the data of a shared warehouse needs a place "
            "that every machine reaches; set it to s3://bucket/prefix or a shared folder"
        )
    data, is_bucket = _data_path(store, schema)
    login = _login(environment) if is_bucket else None
    return LakeSettings(connection, schema, data, login)


def _parameters(text: str) -> dict[str, str]:
    """Read `name=value` parameters, a value with spaces in single quotes; no value is quoted in an
    error, since any may be a password."""
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise SettingsError(f"{WAREHOUSE} cannot be read: {error}; write `{EXAMPLE}`") from None
    found: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if name in _REFUSED:
            why = (
                "a password belongs into PGPASSFILE, PGPASSWORD or Vault (postgres/api_key)"
                if name == "password"
                else "leave it out"
            )
            raise SettingsError(f"{WAREHOUSE} has `{name}=`; {why}")
        if not equals or name not in (*_KNOWN, "schema"):
            raise SettingsError(
                f"{WAREHOUSE} has a part that is no known `name=value` of PostgreSQL "
                f"({', '.join(_KNOWN)}, schema); write `{EXAMPLE}`"
            )
        if any(not character.isprintable() for character in value):
            raise SettingsError(f"{WAREHOUSE}: the value of {name} has a control character")
        found[name] = value
    if "dbname" not in found:
        raise SettingsError(f"{WAREHOUSE} names no database; write `{EXAMPLE}`")
    return found


def _data_path(store: str, schema: str) -> tuple[str, bool]:
    """Return where DuckLake puts its files, a folder for each schema: of files that its catalogue
    does not know it removes the old ones."""
    if store.startswith("s3://"):
        if not re.fullmatch(r"s3://[A-Za-z0-9.-]+(/[^?#]*)?", store):
            raise SettingsError(f"{STORE} must be like s3://bucket/prefix, without a query")
        return f"{store.rstrip('/')}/lake/{schema}/", True
    if "://" in store:
        raise SettingsError(f"{STORE} must be s3://bucket/prefix or a folder")
    return f"{Path(store).expanduser().absolute()}/lake/{schema}/", False


def _login(environment: Mapping[str, str]) -> ObjectStoreLogin:
    def value(*names: str) -> str | None:
        return next((environment[name] for name in names if environment.get(name)), None)

    def secret(name: str) -> Secret | None:
        try:
            return Secret(environment[name]) if environment.get(name) else None
        except ValueError as error:
            raise SettingsError(f"{name} cannot be used: {error}") from None

    login = ObjectStoreLogin(
        key_id=value("AWS_ACCESS_KEY_ID"),
        secret=secret("AWS_SECRET_ACCESS_KEY"),
        session_token=secret("AWS_SESSION_TOKEN"),
        region=value("AWS_REGION", "AWS_DEFAULT_REGION"),
        endpoint=value("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    )
    if login.key_id is None or login.secret is None or not (login.endpoint or login.region):
        raise SettingsError(
            f"{STORE} is a bucket: set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and "
            "AWS_ENDPOINT_URL (of an own server) or AWS_REGION (of AWS)"
        )
    return login
