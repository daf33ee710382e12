"""Read from the environment which Vault to ask, for which secret, and how to log in."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from providers.http.proxies import NO_PROXY, ProxyServer, read_proxies
from providers.http.urls import origin, public_url
from schemas.errors import SettingsError
from schemas.secrets import Secret, VaultPlace

DEFAULT_MOUNT = "secret"
IN_FILE = "_FILE"
"""A variable with this ending names a file that holds the secret."""
_MOST_BYTES = 64 * 1024
_MOUNT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True)
class AppRole:
    """The two halves of an AppRole login."""

    role_id: Secret
    secret_id: Secret


@dataclass(frozen=True)
class VaultSettings:
    """One secret of one Vault, and the login for it.

    `cacert` is a file or folder of PEM certificates, `proxy` what Vault is asked through.
    """

    address: str
    namespace: str | None
    cacert: str | None
    mount: str
    path: str
    login: Secret | AppRole
    proxy: ProxyServer | None = None

    def place(self, *, field: str, kv_version: int) -> VaultPlace:
        """Return where the secret is stored, without the login's secrets."""
        return VaultPlace(
            address=self.address,
            namespace=self.namespace,
            mount=self.mount,
            path=self.path,
            field=field,
            kv_version=kv_version,
            auth="approle" if isinstance(self.login, AppRole) else "token",
        )


def read_vault_settings(environment: Mapping[str, str], *, name: str) -> VaultSettings | None:
    """Return Vault's settings, None without VAULT_ADDR; SettingsError names a bad one.

    The secret is `<name>/api_key` below the mount; in a mount that is itself called `<name>` it is
    `api_key`, so that the setting of the mount alone reaches both layouts.
    """
    if not (address := environment.get("VAULT_ADDR")):
        return None
    mount = (environment.get("PRICEHOUSE_VAULT_MOUNT") or DEFAULT_MOUNT).strip("/")
    if not _MOUNT.fullmatch(mount):
        raise SettingsError(
            f"PRICEHOUSE_VAULT_MOUNT is {mount!r}; it must be a mount's path, like secret"
        )
    return VaultSettings(
        address=_address(address),
        namespace=environment.get("VAULT_NAMESPACE") or None,
        cacert=_cacert(environment.get("VAULT_CACERT") or None) or _bundle(environment),
        mount=mount,
        path="api_key" if mount.split("/")[-1] == name else f"{name}/api_key",
        login=_login(environment),
        proxy=_proxy(environment, address),
    )


def read_secret(environment: Mapping[str, str], variable: str) -> Secret | None:
    """Return a variable, or the content of the file that `<variable>_FILE` names, as a secret.

    None when both are unset or empty; SettingsError names a bad one. A file is read each time, so a
    process that keeps running takes a new secret from it.
    """
    text, name = environment.get(variable), variable
    if path := environment.get(f"{variable}{IN_FILE}"):
        if text:
            raise SettingsError(f"{variable} and {variable}{IN_FILE} are both set; unset one")
        name = f"{variable}{IN_FILE}"
        text = _content(Path(path), name)
    elif not text:
        return None
    try:
        return Secret(text)
    except ValueError as error:
        problem = str(error)
    raise SettingsError(f"{name} cannot be used: {problem}")


def variable_of(environment: Mapping[str, str], variable: str) -> str:
    """Return the name of the variable that a secret comes from: its own, or that of its file."""
    own_file = f"{variable}{IN_FILE}"
    return own_file if environment.get(own_file) else variable


def _content(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode()
    except OSError as error:
        problem = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        problem = "it is no text"
    raise SettingsError(f"{name} is {str(path)!r}, which cannot be read: {problem}")


def _address(text: str) -> str:
    try:
        origin(text)
        parts = urlsplit(text)
        usable = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"VAULT_ADDR is not usable ({public_url(text)}): it must be like https://vault:8200, "
            "with http:// or https://, and without user, password, query or fragment"
        )
    return text.rstrip("/")


def _cacert(path: str | None) -> str | None:
    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # ssl.SSLError is one: a file that holds no certificate
        problem = error.strerror or type(error).__name__
    else:
        return path
    raise SettingsError(
        f"VAULT_CACERT is {path!r}, which cannot be read as PEM certificates: {problem}"
    )


def _bundle(environment: Mapping[str, str]) -> str | None:
    """Return the certificates that requests takes from the environment."""
    return environment.get("REQUESTS_CA_BUNDLE") or environment.get("CURL_CA_BUNDLE") or None


def _proxy(environment: Mapping[str, str], address: str) -> ProxyServer | None:
    server = read_proxies(environment).proxy_of(address)
    if server is not None and server.is_socks and find_spec("socks") is None:
        raise SettingsError(
            f"{server.variable} is a SOCKS proxy, and to ask Vault through it the package PySocks "
            f"is needed: run `make venv`, or add the host of VAULT_ADDR to {NO_PROXY}"
        )
    return server


def _login(environment: Mapping[str, str]) -> Secret | AppRole:
    if token := read_secret(environment, "VAULT_TOKEN"):
        return token
    role_id = read_secret(environment, "VAULT_ROLE_ID")
    secret_id = read_secret(environment, "VAULT_SECRET_ID")
    if role_id and secret_id:
        return AppRole(role_id, secret_id)
    raise SettingsError(
        "VAULT_ADDR is set, but no login for it: set VAULT_TOKEN, or both VAULT_ROLE_ID and "
        "VAULT_SECRET_ID (or their files, like VAULT_TOKEN_FILE); or unset VAULT_ADDR to run "
        "without Vault"
    )
