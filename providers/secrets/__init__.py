"""Where a token comes from: Vault when it is set, else one environment variable, else nowhere."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from providers.http.urls import origin, public_url
from schemas.errors import SettingsError
from schemas.secrets import FoundSecret, Secret, VariablePlace, VaultPlace

DEFAULT_NAME = "huggingface"
VARIABLES = {DEFAULT_NAME: "HF_TOKEN", "fal": "FAL_KEY"}
"""Name of a secret → the variable that holds it where no Vault is set."""
SCHEMES = {"fal": "Key"}
"""Name of a secret → how it is sent, where not as `Bearer`."""
FIELDS = ("api_key", "value", "token")
"""The first of these that a secret in Vault has is the token; `put_token` writes the first."""
DEFAULT_MOUNT = "secret"
_MOUNT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True)
class AppRole:
    """The two halves of an AppRole login."""

    role_id: Secret
    secret_id: Secret


@dataclass(frozen=True)
class VaultSettings:
    """Which secret of which Vault, and as whom; `cacert` is a PEM file."""

    address: str
    namespace: str | None
    cacert: str | None
    mount: str
    path: str
    login: Secret | AppRole

    def place(self, *, field: str, kv_version: int) -> VaultPlace:
        """Return where the secret lies, without the login's secrets."""
        return VaultPlace(
            address=self.address,
            namespace=self.namespace,
            mount=self.mount,
            path=self.path,
            field=field,
            kv_version=kv_version,
            auth="approle" if isinstance(self.login, AppRole) else "token",
        )


def find_token(environment: Mapping[str, str], *, name: str = DEFAULT_NAME) -> FoundSecret | None:
    """Return the token and where it was found; None when nothing is set: read anonymously.

    With VAULT_ADDR set only Vault counts: whatever goes wrong there is raised (SettingsError,
    SecretError) and never answered with another token or none.
    """
    settings = read_vault_settings(environment, name=name)
    if settings is not None:
        return _find_in_vault(settings)
    variable = VARIABLES[name]
    secret = _secret(environment, variable)
    return None if secret is None else FoundSecret(secret, VariablePlace(variable))


def put_token(
    environment: Mapping[str, str], secret: Secret, *, name: str = DEFAULT_NAME
) -> VaultPlace:
    """Store the token in Vault as the field `api_key`, keep the other fields; return where.

    SettingsError without a Vault; SecretError `vault_conflict` when somebody else wrote meanwhile.
    """
    settings = read_vault_settings(environment, name=name)
    if settings is None:
        raise SettingsError(
            f"VAULT_ADDR is not set, so there is no Vault to put it in; without one, set "
            f"{VARIABLES[name]} in the environment of the process that runs pricehouse"
        )
    from providers.secrets.vault import Vault

    with Vault(settings) as vault:
        kv_version = vault.write({FIELDS[0]: secret})
    return settings.place(field=FIELDS[0], kv_version=kv_version)


def read_vault_settings(environment: Mapping[str, str], *, name: str) -> VaultSettings | None:
    """Return Vault's settings, None without VAULT_ADDR; SettingsError names a bad one.

    The secret is `<name>/api_key` below the mount; a mount that is itself called `<name>` holds it
    as `api_key`, so that the setting of the mount alone reaches both layouts.
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
        cacert=_cacert(environment.get("VAULT_CACERT") or None),
        mount=mount,
        path="api_key" if mount.split("/")[-1] == name else f"{name}/api_key",
        login=_login(environment),
    )


def _find_in_vault(settings: VaultSettings) -> FoundSecret:
    # hvac brings requests, which a run without Vault need not wait for
    from providers.secrets.errors import vault_failure
    from providers.secrets.vault import Vault

    with Vault(settings) as vault:
        fields, kv_version = vault.read()
    field = next((field for field in FIELDS if field in fields), None)
    if field is None:
        raise vault_failure("vault_field", settings, why=f"none of {', '.join(FIELDS)}")
    try:
        secret = Secret(_text(fields[field]))
    except ValueError as error:
        failure = vault_failure("vault_field", settings, why=f"{field}: {error}")
    else:
        return FoundSecret(secret, settings.place(field=field, kv_version=kv_version))
    raise failure


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it is no text")
    return value


def _address(text: str) -> str:
    try:
        origin(text)
        parts = urlsplit(text)
        usable = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(
            f"VAULT_ADDR is not usable ({public_url(text)}): it must be like https://vault:8200, with "
            "http:// or https://, and without user, password, query or fragment"
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


def _login(environment: Mapping[str, str]) -> Secret | AppRole:
    if token := _secret(environment, "VAULT_TOKEN"):
        return token
    role_id = _secret(environment, "VAULT_ROLE_ID")
    secret_id = _secret(environment, "VAULT_SECRET_ID")
    if role_id and secret_id:
        return AppRole(role_id, secret_id)
    raise SettingsError(
        "VAULT_ADDR is set, but no login for it: set VAULT_TOKEN, or both VAULT_ROLE_ID and "
        "VAULT_SECRET_ID; or unset VAULT_ADDR to do without Vault"
    )


def _secret(environment: Mapping[str, str], variable: str) -> Secret | None:
    """Return a variable as a secret, None when it is unset or empty."""
    if not (text := environment.get(variable)):
        return None
    try:
        return Secret(text)
    except ValueError as error:
        problem = str(error)
    raise SettingsError(f"{variable} cannot be used: {problem}")
