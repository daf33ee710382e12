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

from schemas.errors import SettingsError
from schemas.secrets import Secret
from warehouse.store.store_settings import SETTING, S3Place, StoreSettings, store_address

WAREHOUSE = "PRICEHOUSE_WAREHOUSE"
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
_PATTERN = set("*?[]\\")
_FORMS = {
    "sslmode": "disable|allow|prefer|require|verify-ca|verify-full",
    "gssencmode": "disable|prefer|require",
    "channel_binding": "disable|prefer|require",
    "sslsni": "0|1",
    "target_session_attrs": "any|read-write|read-only|primary|standby|prefer-standby",
}
"""What PostgreSQL's library takes, as regular expressions; it names a wrong one only when it is
asked to connect."""
_NUMBERS = {"port": (1, 65535), "connect_timeout": (0, 86400), "keepalives_idle": (0, 86400)}
"""The least and the most of those that are whole numbers."""
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")


@dataclass(frozen=True)
class LakeSettings:
    """One shared warehouse; `connection` are the parameters of PostgreSQL by name."""

    connection: Mapping[str, str]
    schema: str
    store: StoreSettings
    find_password: Callable[[], Secret | None] = field(default=lambda: None, repr=False)
    """Reads Vault; where it has none, PostgreSQL's own library looks in PGPASSFILE and PGPASSWORD.
    Called only when the warehouse is opened."""

    @property
    def place(self) -> str:
        """Where the catalogue is, for people: `prices on db.example`."""
        return _place(self.connection)

    @property
    def data(self) -> str:
        """Where DuckLake puts its files: a folder of each schema's own, because it removes old
        files that its catalogue does not know."""
        return f"{self.store.address}/lake/{self.schema}/"

    @property
    def lock_key(self) -> int:
        """The number of the advisory lock that a writer of this catalogue holds."""
        digest = sha256(f"pricehouse {self.schema}".encode()).digest()
        return int.from_bytes(digest[:7], "big")  # positive, as PostgreSQL lists it

    def secrets(self) -> list[Secret]:
        """Return what no message may hold."""
        own: list[Secret | None] = [self.find_password()]
        if isinstance(self.store.place, S3Place):
            keys = self.store.place.keys
            own += [keys.secret_access_key, keys.session_token]
        return [secret for secret in own if secret is not None]


def read_lake_settings(
    environment: Mapping[str, str], find_store: Callable[[], StoreSettings | None]
) -> LakeSettings | None:
    """Return the shared warehouse, None without one; SettingsError says what is wrong with it.

    Of a password only its finder is set, by who may read Vault (pipeline/lake_access.py).
    """
    found = _connection(environment)
    if found is None:
        return None
    connection, schema = found
    store = find_store()
    if store is None:
        raise _no_store()
    return LakeSettings(connection, schema, store)


def lake_title(environment: Mapping[str, str]) -> str | None:
    """Name the shared warehouse for people, None without one; no key or password is looked for."""
    found = _connection(environment)
    return None if found is None else f"{_place(found[0])}, schema {found[1]}"


def lake_schema(environment: Mapping[str, str]) -> str | None:
    """Return the schema of the shared warehouse, None without one; no key is looked for."""
    found = _connection(environment)
    return None if found is None else found[1]


def _connection(environment: Mapping[str, str]) -> tuple[dict[str, str], str] | None:
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
    if schema.startswith("pg_") or schema == "information_schema":
        raise SettingsError(
            f"{WAREHOUSE}: schema={schema} is a name of PostgreSQL's own; set another one, like "
            "pricehouse"
        )
    address = store_address(environment)
    if address is None:
        raise _no_store()
    if signs := sorted(_PATTERN & set(address)):
        raise SettingsError(
            f"{SETTING} is {address}: with {WAREHOUSE} its path may not have {' '.join(signs)}, "
            "which DuckLake reads as a pattern that other folders match too; move the store to a "
            "folder of another name"
        )
    return connection, schema


def _no_store() -> SettingsError:
    return SettingsError(
        f"{WAREHOUSE} is set and {SETTING} is not: the data of a shared warehouse needs a place "
        "that every machine reaches; set it to s3://bucket/prefix or a shared folder"
    )


def _place(connection: Mapping[str, str]) -> str:
    host = connection.get("host") or connection.get("hostaddr") or "this machine"
    return f"{connection['dbname']} on {host}"


def _parameters(given: str) -> dict[str, str]:
    """Read `name=value` parameters, a value with spaces in single quotes; no value is quoted in an
    error, since any may be a password."""
    try:
        parts = shlex.split(given)
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
    if not found.get("dbname"):
        raise SettingsError(f"{WAREHOUSE} names no database; write `{EXAMPLE}`")
    for name, form in _FORMS.items():
        if name in found and not re.fullmatch(form, found[name]):
            raise SettingsError(f"{WAREHOUSE}: {name}= takes {form.replace('|', ', ')}")
    for name, (least, most) in _NUMBERS.items():
        text = found.get(name, str(least))
        if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= most:
            raise SettingsError(f"{WAREHOUSE}: {name}= takes a whole number from {least} to {most}")
    for name in _FILES:
        if (path := found.get(name, "/")) != "system" and not path.startswith("/"):
            raise SettingsError(
                f"{WAREHOUSE}: {name}= must be an absolute path, because runs of `pricehouse up` "
                "start in folders of their own"
            )
    # PostgreSQL's library would take either for a whole address, which may have a password
    for name, signs in (("dbname", ("://", "=")), ("host", ("://", "=", "@"))):
        if any(sign in found.get(name, "") for sign in signs):
            raise SettingsError(
                f"{WAREHOUSE}: {name}= must be a name alone, and the rest parameters of its own, "
                f"as in `{EXAMPLE}`; a password belongs into PGPASSFILE, PGPASSWORD or Vault"
            )
    return found
