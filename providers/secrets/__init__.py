"""Find a token: in Vault when it is set, else in one environment variable, else nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from providers.secrets.errors import vault_failure
from providers.secrets.settings import VaultSettings, read_secret, read_vault_settings, variable_of
from schemas.errors import SettingsError
from schemas.secrets import FoundSecret, Secret, VariablePlace, VaultPlace

if TYPE_CHECKING:
    from providers.secrets.vault import Vault

DEFAULT_NAME = "huggingface"
VARIABLES = {
    DEFAULT_NAME: "HF_TOKEN",
    "fal": "FAL_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "together": "TOGETHER_API_KEY",
}
"""Name of a secret → the variable that holds it where no Vault is set."""
SCHEMES = {"fal": "Key"}
"""Name of a secret → its Authorization scheme, where that is not `Bearer`."""
FIELDS = ("api_key", "value", "token")
"""The first of these that a secret in Vault has is the token; `put_token` writes the first."""


def find_token(environment: Mapping[str, str], *, name: str = DEFAULT_NAME) -> FoundSecret | None:
    """Return the token and where it was found; None when nothing is set: read anonymously.

    With VAULT_ADDR set only Vault counts: every failure there is raised (SettingsError,
    SecretError) and never replaced by another token or none.
    """
    settings = read_vault_settings(environment, name=name)
    if settings is not None:
        return _find_in_vault(settings)
    variable = VARIABLES[name]
    secret = read_secret(environment, variable)
    if secret is None:
        return None
    return FoundSecret(secret, VariablePlace(variable_of(environment, variable)))


def put_token(
    environment: Mapping[str, str], secret: Secret, *, name: str = DEFAULT_NAME
) -> VaultPlace:
    """Store the token in Vault as the field `api_key`, keep the other fields; return the place.

    SettingsError without a Vault; SecretError `vault_conflict` when another client wrote meanwhile.
    """
    settings = read_vault_settings(environment, name=name)
    if settings is None:
        raise SettingsError(
            f"VAULT_ADDR is not set, so there is no Vault to put it in; without one, set "
            f"{VARIABLES[name]} in the environment of the process that runs pricehouse"
        )
    with _connect(settings) as vault:
        kv_version = vault.write({FIELDS[0]: secret})
    return settings.place(field=FIELDS[0], kv_version=kv_version)


def read_fields(settings: VaultSettings) -> Mapping[str, object]:
    """Return all fields of a secret in Vault; SecretError when it does not give it."""
    with _connect(settings) as vault:
        fields, _ = vault.read()
    return fields


def _connect(settings: VaultSettings) -> Vault:
    from providers.secrets.vault import Vault  # imports hvac, which a run without Vault never loads

    return Vault(settings)


def _find_in_vault(settings: VaultSettings) -> FoundSecret:
    with _connect(settings) as vault:
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
